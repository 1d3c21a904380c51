"""What a page says of classifiers on sources of which they have seen no image."""

from covid_xray.evaluation.results_model import Value
from covid_xray.stages.report.strata import StrataOfNetwork, StratumResult

WHY = "the images of each class come from one source"


def test_where_it_cannot_be_estimated_the_page_says_why(page, make_result):
    html = page(make_result(), no_source_folds={"binary": WHY}).split('id="by-source"')[1]
    assert f"binary: Leave-one-source-out is not estimable: {WHY}." in html
    assert "not estimable: this run has no result of it." in page(make_result())


def test_each_source_that_was_held_out_has_a_row_of_its_own_and_none_among_the_strata(
    page, make_result, make_protocol_result
):
    measured = {"patient_grouped": make_protocol_result(), "leave_one_source_out": make_protocol_result(0.6)}
    network = make_result(by_protocol=measured)
    sources = [
        StratumResult("source", name, {"accuracy": Value(share, share - 0.1, share + 0.1, 20, 18)})
        for name, share in (("Hospital A", 0.7), ("Hospital B", 0.5))
    ]
    html = page(network, strata=(StrataOfNetwork(network, "leave_one_source_out", sources),))
    rows = (
        html.split('id="by-source"')[1].split("</section>")[0].split("Source held out")[1].split("<tr>")[1:]
    )
    assert len(rows) == 2 and "Hospital A" in rows[0] and "70.0 (60.0 to 80.0)" in rows[0]
    assert "Hospital B" in rows[1] and ">20<" in rows[1] and ">18<" in rows[1]
    assert 'id="strata"' not in html


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
