"""What a page says of pictures with parts hidden, and of features that tell sources apart."""

import pytest
from covid_xray.evaluation.results_model import Comparison
from covid_xray.stages.report.relied_on import SourceProbe, not_probed


@pytest.fixture
def blanked(make_result, make_protocol_result):
    by_protocol = {"patient_grouped": make_protocol_result(0.84)}
    return make_result(kind="lungs_blanked", preprocessing="lungs_blanked", by_protocol=by_protocol)


def section(html, name):
    return html.split(f'id="{name}"')[1].split("<h")[0]


def test_what_a_network_reaches_without_the_lungs_stands_beside_what_it_reaches_with_them(
    page, make_result, blanked
):
    change = ("binary", "patient_grouped", "VGG16", "VGG16", "lungs_blanked", 0.01, -0.01, 0.03, 3, 2, 1, 1)
    html = page(make_result(), blanked, comparisons=[Comparison(*change)])
    row = section(html, "hidden").split("<tbody>")[1]
    assert "all but the lungs" in row and "84.0 (64.0 to 94.8)" in row and "85.0 (64.0 to 94.8)" in row
    assert "+1.0 (-1.0 to +3.0)" in row
    assert "does not need the lungs" in html.split("<nav")[0]


def test_without_any_the_setting_that_asks_for_it_is_named(page, make_result):
    assert "the setting <code>occlusion</code>" in section(page(make_result()), "hidden")


def test_it_is_neither_a_network_nor_a_baseline(page, make_report, make_result, make_margin, blanked):
    report = make_report(make_result(), blanked)
    assert [result.kind for result in report.networks("binary")] == ["backbone"]
    assert report.baselines("binary") == []
    html = page(make_result(), blanked, comparisons=[make_margin(0.01, -0.01, 0.03)])
    results = html.split('id="results"')[1].split("</table>")[0]
    row = results.split('<th scope="row">VGG16, lungs blanked</th>')[1].split("</tr>")[0]
    assert "84.0 (64.0 to 94.8)" in row and "+1.0" not in row


def test_a_probe_stands_beside_its_control(page, make_result):
    probes = [
        SourceProbe("VGG16", "Covid-19", "A", False, 0.97, 0.95, 0.99, 124, 82),
        SourceProbe("VGG16", "Covid-19", "B", True, 0.54, 0.45, 0.63, 80, 60),
    ]
    sources = {"Covid-19": {"A": 44, "B": 80}, "No_findings": {"A": 500}}
    text = section(page(make_result(), probes=probes, sources=sources), "source-probe")
    assert "A from the others" in text and "0.970 (0.950 to 0.990)" in text
    assert "random halves of B" in text and "0.540 (0.450 to 0.630)" in text
    assert "No_findings: not estimable, as all its images come from A." in text


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ({}, "The sources of the images are not known"),
        ({"a": {"unknown": 3}}, "a: not estimable, as the sources of its images are not known."),
        ({"a": {"A": 3, "unknown": 2}}, "as all its images of a known source come from A."),
        ({"a": {"A": 90, "B": 2}}, "a: not estimable, as its sources have images of too few patients."),
    ],
)
def test_why_nothing_can_be_told_is_said(sources, expected):
    (reason,) = not_probed(sources, "unknown", [])
    assert expected in reason


def test_where_each_class_has_a_source_of_its_own_the_page_says_so(page, make_result):
    html = page(make_result(), sources={"Covid-19": {"A": 9}, "No_findings": {"B": 9}})
    assert "Every image of Covid-19 and No_findings comes from a source that no other class has" in html
