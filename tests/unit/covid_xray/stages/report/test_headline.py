"""What ends a run on a terminal."""

from __future__ import annotations

import pytest
from covid_xray.stages.report import headline


@pytest.fixture
def ended(make_report, monkeypatch):
    def end(*results, **given):
        report = make_report(*results, **given)
        monkeypatch.setattr("covid_xray.stages.report.collect", lambda tables, run_id: report)
        return headline(None, "r1")

    return end


def test_a_row_holds_accuracy_margin_recall_and_time_and_the_best_baseline_is_marked(
    ended, make_result, baseline, make_margin
):
    columns, rows, _ = ended(make_result(), baseline, comparisons=[make_margin(0.012, -0.02, 0.041)])
    assert "recall of Covid-19, %" in columns and columns[-1] == "time for features and fits"
    assert rows == [
        ["VGG16", "binary", "85.0 (64.0 to 94.8)", "+1.2", "90.0", "1 min 05 s"],
        ["file_facts", "binary", "85.0 (64.0 to 94.8)", "baseline", "90.0", "\N{EN DASH}"],
    ]


def test_a_failure_has_its_state_in_place_of_an_accuracy(ended, failed):
    _, rows, lines = ended(failed)
    assert rows == [["VGG19", "binary", "failed", *["\N{EN DASH}"] * 3]] and lines == []


def test_each_positive_class_is_named_once(ended, make_result):
    other = make_result(task="tb", classes=("TB", "Healthy"))
    columns, *_ = ended(make_result(), make_result("VGG19"), other)
    assert "recall of Covid-19 or TB, %" in columns


def test_the_weights_stand_before_the_verdicts(ended, make_result):
    *_, lines = ended(make_result(weights="random", preprocessing="lungs"), make_result("VGG19"))
    assert lines[0] == "Weights: random, lungs only; imagenet"
    assert lines[1].startswith("binary: ")
