"""The page, from plain values to HTML."""

from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser

import pandas as pd
import pytest
from covid_xray.dataset.known import COVID_19, tell_sources
from covid_xray.evaluation.explanations import BoxSummary
from covid_xray.evaluation.metrics import METRICS, shown_in
from covid_xray.evaluation.plots import curves_png
from covid_xray.evaluation.results_model import Value
from covid_xray.features.gram import FUSED, FUSED_SEES
from covid_xray.stages.report.collect import count_sources
from covid_xray.stages.report.explained import Explained, Explanation
from covid_xray.stages.report.gallery import Gallery, Missed
from covid_xray.stages.report.page import estimate, stacked
from covid_xray.stages.report.values import Refused

# Words of the record, which other people's pages must not have.
OF_A_KNOWN_DATASET = ("NIH", "ieee8023", "Covid", "98 %", "Published")
NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
PNG = b"\x89PNG picture"


class _Seen(HTMLParser):
    """Collects what a browser would fetch, ids, links to them, and pictures without words."""

    def __init__(self):
        super().__init__()
        self.fetched, self.ids, self.links, self.silent = [], [], [], []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag in ("link", "script", "iframe"):
            self.fetched.append(tag)
        if "src" in values and not values["src"].startswith("data:"):
            self.fetched.append(values["src"])
        if "id" in values:
            self.ids.append(values["id"])
        if values.get("href", "").startswith("#"):
            self.links.append(values["href"][1:])
        if tag == "img" and not values.get("alt"):
            self.silent.append(values)


def row(html, name, section):
    part = html.split(f'id="{section}"')[1].split("</section>")[0]
    return part.split(f'<th scope="row">{name}</th>')[1].split("</tr>")[0]


def test_a_metric_has_its_interval_and_its_counts_beside_it(page, make_result):
    cells = row(page(make_result()), "VGG16", "results")
    assert "85.0 (64.0 to 94.8)" in cells and "90.0 (60.0 to 98.0)" in cells
    assert "20 images of 18 patients held out in each repeat" in page(make_result())


@pytest.mark.parametrize(
    ("place", "section"), [("headline", "results"), ("per_class", "pictures"), ("screening", "pictures")]
)
def test_the_columns_of_a_table_are_the_metrics_that_are_shown_in_it(page, make_result, place, section):
    heads = unescape(page(make_result())).split(f'id="{section}"')[1].split("</section>")[0]
    columns = "".join(f'<th scope="col" class="number">{metric.title}</th>' for metric in shown_in(place))
    assert columns in heads


def test_a_metric_that_is_no_share_is_not_written_in_per_cent():
    share, number = (next(one for one in METRICS if one.unit == unit) for unit in ("share", "number"))
    value = Value(0.75, 0.5, 0.875, 10)
    assert estimate(value, share) == "75.0 (50.0 to 87.5)"
    assert estimate(value, number) == "0.750 (0.500 to 0.875)"
    assert estimate(Value(0.0, None, None, 10), number) == "0.000"
    assert estimate(None, number) == "\N{EN DASH}"


def test_a_line_breaks_between_a_value_and_its_interval_only():
    assert stacked("98.4 (94.3 to 99.6)").split(" ") == ["98.4", "(94.3\xa0to\xa099.6)"]
    assert stacked("\N{EN DASH}").strip() == "\N{EN DASH}"


def test_published_results_stand_only_beside_the_split_they_were_measured_on(page, make_result):
    html = page(make_result(), make_result("Xception"), dataset=COVID_19)
    cells = row(html, "VGG16", "by-image")
    assert "90.0 (64.0 to 94.8)" in cells and cells.count(">100.0<") == 2
    assert ">100.0<" not in row(html, "VGG16", "results") + row(html, "Xception", "by-image")


@pytest.mark.parametrize("dataset", [None, replace(COVID_19, published=(), published_by="")])
def test_equal_names_of_network_task_and_classes_are_not_enough_to_show_them(
    page, make_report, make_result, dataset
):
    assert make_report(make_result(), dataset=dataset).published(make_result()) is None
    html = page(make_result(), dataset=dataset)
    assert "Published" not in html and ">100.0<" not in row(html, "VGG16", "by-image")


def test_a_known_dataset_is_named_with_its_sources_licences_standard_and_caveat(page, make_result):
    sources = {"Pneumonia": {"NIH ChestX-ray8": 3}}
    html = unescape(page(make_result(), dataset=COVID_19, sources=sources))
    assert COVID_19.reference_standard in html and COVID_19.published_by in html
    assert COVID_19.external_caveat in html and "NIH ChestX-ray8 3" in html
    assert all(c.name in html and c.licence in html for c in COVID_19.collections)


def test_of_other_images_nothing_is_said_but_what_was_measured_on_them(page, make_result, baseline):
    labels = ["TB", "Healthy"] * 10
    rows = {"label": labels, "path": [f"{name}/{n}.png" for n, name in enumerate(labels)], "patient_id": "p"}
    given = ["Mercy Hospital", "County Hospital"] * 10
    images, dataset = tell_sources(pd.DataFrame(rows).assign(source=given))
    classes = ("TB", "Healthy")
    shown = {"dataset": dataset, "sources": count_sources(images), "tasks": {"binary": list(classes)}}
    html = unescape(page(make_result(classes=classes), replace(baseline, classes=classes), **shown))
    assert "Mercy Hospital 10" in html and "90.0 (64.0 to 94.8)" in row(html, "VGG16", "by-image")
    assert not [word for word in OF_A_KNOWN_DATASET if word in html]


def test_baselines_stand_beside_the_networks_and_the_margin_over_the_best(
    page, make_result, baseline, make_margin
):
    html = page(make_result(), baseline, comparisons=[make_margin(0.012, -0.02, 0.041)])
    assert "+1.2 (-2.0 to +4.1)" in row(html, "VGG16", "results")
    assert "85.0 (64.0 to 94.8)" in row(html, "file_facts", "results")
    assert "width, height, file size" in row(html, "file_facts", "audit")


def test_the_matrix_is_told_in_words_too(page, make_result):
    html = page(make_result())
    assert "Of 10 actual Covid-19: 9 predicted as Covid-19, 1 predicted as No_findings." in html
    assert "Of 10 actual No_findings: 2 predicted as Covid-19, 8" in html


def test_random_weights_are_warned_of_only_where_there_are_some(page, make_result):
    assert "Random weights" not in page(make_result())
    html = page(make_result(), make_result("ResNet50", weights="random"))
    assert "Random weights: the features of the results marked so" in html
    assert "ResNet50, binary (random weights)" in html and "VGG16, binary (random weights)" not in html


def test_another_preprocessing_is_a_labelled_variant(page, make_result):
    assert "Variant:" not in page(make_result())
    assert "Variant: the networks saw only the central 70 %" in page(make_result(), preprocessing="lungs")


def test_another_preprocessing_is_marked_on_every_picture_too(make_result):
    assert make_result().marks == []
    seen_less = make_result(weights="random", preprocessing="lungs")
    assert seen_less.marks == ["random weights", "lungs only"]
    assert make_result(dimensionality=64).marks == ["at most 64 features a network"]
    assert curves_png([make_result(preprocessing="lungs")]) != curves_png([make_result()])


@pytest.mark.parametrize(("own", "heading"), [("plain", "the lungs only"), ("lungs", "the whole picture")])
def test_what_the_other_preprocessing_reached_stands_beside_a_runs_own(
    page, make_result, make_protocol_result, own, heading
):
    result = make_result(preprocessing=own)
    by_protocol = {"patient_grouped": make_protocol_result(0.75), "as_published": make_protocol_result(0.95)}
    other = make_result(
        preprocessing={"plain": "lungs"}.get(own, "plain"), run_id="r2", by_protocol=by_protocol
    )
    html = page(result, variants={("VGG16", "binary"): other}, preprocessing=own)
    assert f"The same with {heading}" in html
    cells = row(html, "VGG16", "variant")
    assert "85.0 (64.0 to 94.8)" in cells and "75.0 (64.0 to 94.8)" in cells and "r2" in cells
    assert "95.0" not in cells
    titles = html.split('id="variant"')[1].split("<thead>")[1].split("</thead>")[0]
    assert titles.index(f"Accuracy, <code>{own}<") < titles.index(f"Accuracy, <code>{other.preprocessing}<")


def test_where_no_such_run_has_succeeded_nothing_is_said_of_one(page, make_result, failed):
    assert "The same with" not in page(make_result())
    assert "The same with" not in page(failed, variants={("VGG19", "binary"): make_result("VGG19")})
    assert "The same with" not in page(make_result(), variants={("VGG16", "multiclass"): make_result()})


def test_a_failure_stands_with_its_reason_and_cannot_break_the_page(page, make_result, failed):
    html = page(make_result(), failed)
    assert 'class="failed">failed: no weights in &lt;nowhere&gt;' in html
    # Nothing is said of the state of those that succeeded.
    assert html.count('class="failed"') == 1 and "succeeded" not in html
    assert "VGG19" not in html.split('id="pictures"')[1].split("</section>")[0]


def test_a_run_without_any_success_has_a_page(page, failed):
    html = page(failed)
    assert "No image was missed, or there are no results." in html and "only one network" in html


def test_missed_images_are_shown_with_who_missed_them(page, make_result):
    image = Missed("binary", "ab" * 32, "p1", "Covid-19", {"VGG16": "No_findings"}, 2)
    gallery = Gallery({"binary": (image,)}, {"binary": 3}, {image.image_id: b"jpeg"})
    html = page(make_result(), gallery=gallery)
    assert "missed by 1 of 2: VGG16 (No findings)" in html and "3 more are in the table" in html
    assert "data:image/jpeg;base64," in html


def test_maps_stand_with_their_share_of_the_lung_box_beside_its_area(page, make_result):
    image = Explained("ab" * 32, "Covid-19", "No_findings", PNG)
    box = BoxSummary(0.61, 0.57, 0.66, 200, 150, 0.52)
    html = page(make_result(), explanations=[Explanation("VGG16", "binary", "imagenet", 7, box, (image,), 4)])
    cells = row(html, "VGG16", "explanations")
    assert "61.0 (57.0 to 66.0)" in cells and ">52.0<" in cells and ">150<" in cells
    assert "Covid-19, predicted No findings" in html and "4 more missed images" in html
    assert "There are no maps" in page(make_result())


def test_the_page_says_how_many_held_out_images_share_a_patient_and_is_no_medical_device(page, make_result):
    html = page(make_result(), limit_per_class=60)
    assert '<td class="number">10</td><td class="number">4</td>' in html
    assert "at most 60 of each class" in html and html.count("Not for clinical use") >= 2
    assert "No external validation" in html


def test_maps_of_a_network_whose_features_are_means_or_projected_are_said_to_be_fewer(page, make_result):
    box = BoxSummary(0.61, 0.57, 0.66, 33, 30, 0.52)

    def maps(name, **settings):
        explanations = [Explanation(name, "binary", "imagenet", 7, box, (), 0)]
        return page(make_result(name), explanations=explanations, **settings)

    assert "ResNet50 is fitted on the mean of its 7 x 7 cells" in maps("ResNet50")
    assert "so fewer images have one" not in maps("VGG16")
    assert "so fewer images have one" not in maps("VGG16", dimensionality=25_088)
    assert "VGG16 is fitted on 64 sums of its 25088 features: each" in maps("VGG16", dimensionality=64)


def test_verdict_and_headline_picture_stand_before_the_contents(page, make_result):
    html = page(make_result(), pictures=["forest_binary"])
    verdict, picture, contents, first = (
        html.index(mark) for mark in ('verdict">', 'class="headline"', "<nav", '<h2 id="reading"')
    )
    assert verdict < picture < contents < first


def test_all_networks_together_are_defined_beside_the_headline_picture(page, make_result):
    html = unescape(page(make_result(), make_result(FUSED), pictures=["forest_binary"]))
    assert FUSED_SEES in html.split('class="headline"')[1].split("</figure>")[0]
    assert FUSED_SEES not in unescape(page(make_result(), pictures=["forest_binary"]))


def test_below_each_figure_stand_the_files_of_its_picture_and_its_data(page, make_result):
    html = page(make_result(), pictures=["forest_binary"])
    for name in ("forest_binary", "curves_binary", "VGG16_binary"):
        for kind in ("png", "csv"):
            assert f'<a href="figures/{name}.{kind}" download>{name}.{kind}</a>' in html


def test_long_tables_are_folded_and_short_ones_are_not(page, make_result):
    def quarantine(files):
        refused = tuple(Refused(f"Covid-19/{n}.png", "truncated", "") for n in range(files))
        return page(make_result(), refused=refused).split('id="quarantine"')[1].split("</section>")[0]

    assert "<details" not in quarantine(12) and "11.png" in quarantine(12)
    folded = quarantine(13).split("<summary>Refused files with their reasons (13 rows)</summary>")[1]
    assert "12.png" in folded.split("</details>")[0]
    # A closed `details` has no other way to show on paper what it holds.
    assert "details::details-content" in page(make_result())


def test_the_page_fetches_nothing_its_links_lead_somewhere_and_every_picture_has_words(
    page, make_result, failed, baseline
):
    seen = _Seen()
    seen.feed(page(make_result(), failed, baseline))
    assert seen.fetched == [] and seen.silent == []
    assert len(set(seen.ids)) == len(seen.ids) and set(seen.links) <= set(seen.ids)
