"""What a page says of its images: whose they are, which were refused, which are copies."""

from covid_xray.dataset.population import Ages, ClassPopulation
from covid_xray.stages.report.values import NearDuplicatePair, NearDuplicates, Refused


def test_refused_files_are_listed_up_to_fifty(page, make_result):
    assert "No file was refused" in page(make_result())
    one = page(make_result(), refused=(Refused("Covid-19/a.png", "not_an_image", "text"),))
    assert "1 file was refused" in one and "Covid-19/a.png" in one
    html = page(
        make_result(), refused=tuple(Refused(f"Covid-19/{n}.png", "truncated", "") for n in range(51))
    )
    assert "51 files were refused" in html and "The first 50 of 51" in html
    assert "Covid-19/49.png" in html and "Covid-19/50.png" not in html


def test_images_of_unknown_patients_and_rows_without_an_image_are_told(page, make_result):
    html = page(make_result(), unknown=14, unmatched=3)
    assert "Of 14 of these images the patient is unknown" in html.split('id="data"')[1]
    assert "3 of the 9 rows of the patients and metadata files name no image of the folder" in html
    assert "which every run checks as far as patients are known." in html
    caption = html.split('id="results"')[1].split("</caption>")[0]
    assert "of 14 of the task's images the patient is unknown" in caption
    plain = page(make_result())
    assert "unknown" not in plain and "rows of the patients and metadata files" not in plain


def test_copies_of_different_patients_are_a_warning_with_the_pairs(page, make_result):
    listed = (
        NearDuplicatePair("A/1.png", "A", "B/2.jpg", "B", 0.98765),
        NearDuplicatePair("A/3.png", "A", "A/4.png", "A", 0.94),
    )
    html = page(make_result(), near_duplicates=NearDuplicates(3, 2, listed)).split('id="near-duplicates"')[1]
    assert '<p class="warning">3 pairs of images look like copies' in html
    assert (
        "2 of them of different patients: such an image may be held out while its copy is in training" in html
    )
    first = html.split('<th scope="row"><code>A/1.png</code></th>')[1].split("</tr>")[0]
    assert "B/2.jpg" in first and ">0.988<" in first
    many = page(make_result(), near_duplicates=NearDuplicates(30, 25, listed))
    assert "The 2 most similar of 25 pairs of different patients." in many


def test_copies_of_one_patient_none_at_all_and_pictures_too_alike_are_told_without_a_warning(
    page, make_result
):
    def told(found):
        return page(make_result(), near_duplicates=found).split('id="near-duplicates"')[1].split("<h3")[0]

    assert "<p>1 pair of images look like copies" in told(NearDuplicates(1, 0))
    assert "<p>No two images look like copies" in told(NearDuplicates())
    assert "cannot be told here" in told(NearDuplicates(too_alike=True))
    assert "warning" not in told(NearDuplicates(1, 0)) + told(NearDuplicates()) + told(
        NearDuplicates(too_alike=True)
    )
    assert "near-duplicates" not in page(make_result())


def test_the_population_of_each_class_is_shown_where_anything_is_known_of_it(page, make_result):
    known = ClassPopulation("Covid-19", 50, 30, 12, 17, 1, Ages(44, 41.5, 58, 70), (("PA", 31), ("AP", 19)))
    html = page(make_result(), population=(known,)).split('id="data"')[1]
    row = html.split("Population of each class")[1].split("<tbody>")[1].split("</tbody>")[0]
    cells = [cell.split(">")[-1] for cell in row.replace("</th>", "</td>").split("</td>")[:-1]]
    assert cells == ["Covid-19", "50", "30", "12", "17", "1", "58 (42 to 70), of 44", "PA 31, AP 19"]
    assert "Population" not in page(make_result())
