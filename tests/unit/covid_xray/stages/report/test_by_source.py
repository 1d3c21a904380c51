"""What a page says of classifiers on sources of which they have seen no image."""

import pytest
from covid_xray.evaluation.results_model import Value
from covid_xray.stages.report.strata import StrataOfNetwork, StratumResult, left_out_lines

WHY = "the images of each class come from one source"


def test_where_it_cannot_be_estimated_the_page_says_why(page, make_result):
    html = page(make_result(), no_source_folds={"binary": WHY}).split('id="by-source"')[1]
    assert f"binary: Leave-one-source-out is not estimable: {WHY}." in html
    assert "not estimable: this run has no result of it." in page(make_result())


def test_networks_and_baselines_stand_side_by_side_where_it_can(
    page, make_result, baseline, make_protocol_result, make_margin
):
    measured = {"patient_grouped": make_protocol_result(), "leave_one_source_out": make_protocol_result(0.6)}
    network = make_result(by_protocol=measured)
    margin = make_margin(-0.1, -0.2, 0.05, protocol="leave_one_source_out")
    html = page(network, baseline, comparisons=[margin])
    section = html.split('id="by-source"')[1].split("</section>")[0]
    assert "not estimable" not in section and "file_facts" not in section
    assert "60.0 (64.0 to 94.8)" in section and "-10.0 (-20.0 to +5.0)" in section
    audit = html.split('id="audit"')[1].split("</thead>")[0]
    assert "<code>leave_one_source_out</code>" in audit
    assert "leave_one_source_out" not in page(make_result(), baseline)


@pytest.fixture
def make_left_out(make_result, make_protocol_result):
    """What a network of this accuracy reaches on two sources that were left out, Mercy and County."""

    def make(name="VGG16", accuracy=0.85, task="binary"):
        measured = {
            "patient_grouped": make_protocol_result(accuracy),
            "leave_one_source_out": make_protocol_result(0.6),
        }
        result = make_result(name, task=task, by_protocol=measured)
        county = {"accuracy": Value(0.5, 0.3, 0.7, 12, 11), "recall": Value(0.2, 0.1, 0.4, 6, 6)}
        mercy = {"accuracy": Value(0.75, 0.5, 0.9, 8, 7), "auroc": Value(0.9912, 0.9, 1.0, 8, 7)}
        strata = [StratumResult("source", "County", county), StratumResult("source", "Mercy", mercy)]
        return StrataOfNetwork(result, "leave_one_source_out", strata)

    return make


def test_each_source_that_was_left_out_has_a_row_with_its_images_and_accuracy(page, make_left_out):
    found = make_left_out()
    section = page(found.result, left_out=(found,)).split('id="by-source"')[1].split("</section>")[0]
    table = section.split("each source that was left out")[1]
    row = (
        '<th scope="row">County</th><td>VGG16</td><td class="number">12</td><td class="number">50.0 (30.0 to'
    )
    assert row in table and '<th scope="row">Mercy</th>' in table and "75.0 (50.0 to 90.0)" in table
    assert (
        'class="warning">VGG16 binary, leave_one_source_out: the recall of Covid-19 is lowest for' in section
    )
    assert 'id="strata"' not in page(found.result, left_out=(found,))
    assert "each source that was left out" not in page(found.result)


def test_a_terminal_is_told_what_the_best_network_of_a_task_reaches_on_each_source(make_left_out):
    others = [make_left_out("VGG19", 0.9), make_left_out("VGG16", task="tb")]
    assert left_out_lines([make_left_out(), *others]) == [
        f"{task}, {source} left out of training: {name} classifies {right} % of its {images} images right"
        for task, name in (("binary", "VGG19"), ("tb", "VGG16"))
        for source, right, images in (
            ("County", "50.0 (30.0 to 70.0)", 12),
            ("Mercy", "75.0 (50.0 to 90.0)", 8),
        )
    ]
    assert left_out_lines([]) == []
