"""What the page says in words follows from its results."""

from covid_xray.evaluation.results_model import Value
from covid_xray.stages.report.narrative import percent, points, sentences, with_interval
from covid_xray.stages.report.values import UNKNOWN

DASH = "\N{EN DASH}"


def test_a_network_no_better_than_the_best_baseline_is_said_to_show_nothing(
    make_report, make_result, baseline, make_margin
):
    report = make_report(make_result(), baseline, comparisons=[make_margin(0.01, -0.02, 0.04)])
    (text,) = sentences(report)
    assert text.startswith(
        "binary: the accuracy of the best network, VGG16, is 85.0 (64.0 to 94.8) % on images of patients that"
    )
    assert "20 images, 18 patients" in text
    assert "file_facts, which sees only width, height, file size" in text
    assert "+1.0 (-2.0 to +4.0) percentage points" in text
    assert "So nothing here shows that the network looks at lungs." in text


def test_patients_who_are_unknown_are_not_said_to_be_unseen(make_report, make_result):
    (some,) = sentences(make_report(make_result(), unknown=14))
    assert (
        "not seen in training (20 images, counted as 18 patients). Of 14 of the task's 50 images the" in some
    )
    assert "another image of the same patient may have been in training" in some
    (none,) = sentences(make_report(make_result(), unknown=50))
    assert "% on images held out at random (20 images, counted as 18" in none and "not seen" not in none
    (every,) = sentences(make_report(make_result()))
    assert "(20 images, 18 patients)" in every and "unknown" not in every


def test_a_clear_lead_is_not_taken_for_disease(make_report, make_result, baseline, make_margin):
    report = make_report(make_result(), baseline, comparisons=[make_margin(0.05, 0.02, 0.08)])
    (text,) = sentences(report)
    assert "uses something that this baseline does not" in text and "cannot show" in text
    assert "nothing here shows" not in text


def test_a_clear_lag_is_no_lead(make_report, make_result, baseline, make_margin):
    report = make_report(make_result(), baseline, comparisons=[make_margin(-0.05, -0.08, -0.02)])
    assert "nothing here shows that the network looks at lungs" in sentences(report)[0]


def test_missed_images_of_the_positive_class_are_counted(make_report, make_result):
    assert "It missed 1 of 10 images of Covid-19 (repeat 0)." in sentences(make_report(make_result()))[0]


def test_an_accuracy_without_a_baseline_is_said_to_say_little(make_report, make_result):
    assert "this accuracy says little" in sentences(make_report(make_result()))[0]


def test_without_the_headline_protocol_images_were_held_out_at_random(
    make_report, make_result, make_protocol_result
):
    result = make_result(by_protocol={"as_published": make_protocol_result(0.9)})
    assert "is 90.0 (64.0 to 94.8) % on images held out at random" in sentences(make_report(result))[0]


def test_a_class_from_a_source_of_its_own_is_named(make_report):
    sources = {"A": {"Mercy": 4}, "B": {"County": 3}, "C": {"County": 2, "x": 1}}
    (text,) = sentences(make_report(sources=sources))
    assert text.startswith("Every image of A comes from a source that no other class has images from")
    mixed = {"A": {"Mercy": 4, "County": 1}, "B": {"County": 3}}
    assert sentences(make_report(sources=mixed)) == []


def test_while_a_source_is_unknown_no_class_is_said_to_have_its_own(make_report):
    sources = {"A": {"Mercy": 4}, "B": {"County": 3, UNKNOWN: 1}}
    assert sentences(make_report(sources=sources)) == []


def test_a_run_without_any_success_says_nothing(make_report, failed):
    assert sentences(make_report(failed)) == []


def test_a_missing_value_is_a_dash():
    assert percent(None) == with_interval(None) == points(None) == DASH
    assert with_interval(Value(0.5, None, None, 4)) == "50.0"
