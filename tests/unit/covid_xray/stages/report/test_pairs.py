"""Networks compared in pairs: a matrix to read, and the full table folded below it."""

from __future__ import annotations

from html import unescape

import pytest
from covid_xray.stages.report.narrative import signed
from covid_xray.stages.report.pairs import matrices, swapped
from covid_xray.stages.report.values import Comparison

FIRST, SECOND, THIRD = "ResNet50", "VGG16", "VGG19"


def compared(first, second, difference, low, high, protocol="patient_grouped"):
    return Comparison("binary", protocol, first, second, "backbone", difference, low, high, 3, 1, 0.625, 1.0)


CLEAR, UNCLEAR = compared(FIRST, SECOND, 0.05, 0.01, 0.09), compared(FIRST, THIRD, 0.0004, -0.02, 0.02)


def test_swapping_turns_the_sign_the_interval_and_the_counts():
    turned = swapped(CLEAR)
    assert (turned.first, turned.second) == (SECOND, FIRST)
    assert (turned.difference, turned.ci_low, turned.ci_high) == (-0.05, -0.09, -0.01)
    assert (turned.first_only, turned.second_only, turned.clear) == (1, 3, True)
    assert swapped(turned) == CLEAR


def test_a_matrix_holds_each_pair_both_ways_and_nothing_else(make_report, make_result, make_margin):
    published = compared(FIRST, SECOND, 0.0, -0.1, 0.1, "as_published")
    given = [published, CLEAR, UNCLEAR, make_margin(0.1, 0.05, 0.2)]
    grouped, by_image = matrices(make_report(make_result(), comparisons=given))
    assert (grouped.protocol, by_image.protocol) == ("patient_grouped", "as_published")
    assert grouped.names == (FIRST, SECOND, THIRD)
    assert grouped.rows[0] == (None, CLEAR, UNCLEAR)
    assert grouped.rows[1] == (swapped(CLEAR), None, None)
    assert by_image.names == (FIRST, SECOND)


def test_a_clear_difference_is_bold_with_an_asterisk_and_no_other_is(page, make_result):
    html = page(make_result(), comparisons=[CLEAR, UNCLEAR]).split('id="pairs"')[1].split("</section>")[0]
    assert "<strong>+5.0*</strong>" in html and "<strong>-5.0*</strong>" in html
    assert html.count("*</strong>") == 3 and "-0.0" not in html


def test_the_full_table_is_folded_below_and_says_how_many_rows_it_has(page, make_result):
    html = unescape(page(make_result(), comparisons=[CLEAR, UNCLEAR]))
    folded = html.split("McNemar's test and Holm's correction (2 rows)</summary>")[1].split("</details>")[0]
    assert "+5.0 (+1.0 to +9.0)" in folded and "0.625" in folded and "1.000" in folded


@pytest.mark.parametrize(
    ("share", "written"), [(0.012, "+1.2"), (-0.0004, "+0.0"), (0, "+0.0"), (-0.1, "-10.0")]
)
def test_a_difference_that_rounds_to_nothing_has_no_minus(share, written):
    assert signed(share) == written
