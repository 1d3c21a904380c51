"""The page of a run, and what makes the run's last task fail though there is a page."""

import errno
import os
from datetime import UTC, datetime

import pytest
from covid_xray.evaluation.explanations import BoxSummary
from covid_xray.stages.report import missing_results, write_report
from covid_xray.stages.report.explained import Explanation
from covid_xray.stages.report.figures import Figure

BOX = BoxSummary(0.6, 0.5, 0.7, 20, 20, 0.52)
MAPS = Explanation("VGG16", "binary", "imagenet", 7, BOX, (), 0)


@pytest.fixture
def written(make_report, make_result, monkeypatch, tmp_path):
    """Write the page of one network, with one picture, over that of an earlier run."""
    (tmp_path / "index.html").write_text("old")
    found = {
        "collect": make_report(make_result()),
        "read_explanations": {},
        "read_gallery": {},
        "render": "a page",
        "missing_results": [],
    }
    for name, value in found.items():
        monkeypatch.setattr(f"covid_xray.stages.report.{name}", lambda *given, value=value: value)
    drawn = {"confusion": Figure(b"png", "actual,predicted,images\n")}
    monkeypatch.setattr("covid_xray.stages.report.figures.draw", lambda report: drawn)

    def write():
        page = write_report(None, "r1", tmp_path, datetime(2026, 1, 1, tzinfo=UTC))
        return page, {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}

    return write


@pytest.mark.parametrize("renames", [True, False])
def test_the_page_is_written_whole_also_where_files_cannot_be_renamed(written, monkeypatch, renames):
    if not renames:

        def refuse(source, target):
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

        monkeypatch.setattr(os, "replace", refuse)
    page, files = written()
    assert page.read_text() == "a page" and files == {
        "index.html",
        "figures/confusion.png",
        "figures/confusion.csv",
    }


@pytest.fixture
def whole(make_report, make_result, baseline, make_margin):
    """A run that lacks nothing, or what it is made to lack."""
    margin = make_margin(0, -0.1, 0.1)

    def make(network=None, baselines=(baseline,), comparisons=(margin,), **settings):
        settings = {"pooling": "published"} | settings
        return make_report(network or make_result(), *baselines, comparisons=comparisons, **settings)

    return make


def test_a_whole_run_lacks_nothing(whole):
    assert missing_results(whole(), [MAPS]) == []


def test_a_row_that_did_not_succeed_is_named_with_its_error(whole, make_result):
    lacking = whole(make_result(status="failed", error="no weights", by_protocol={}))
    assert missing_results(lacking, []) == ["VGG16 binary failed: no weights"]
    pending = whole(make_result(status="pending", by_protocol={}))
    assert missing_results(pending, []) == ["VGG16 binary pending: not reached"]


def test_a_row_of_an_earlier_run_is_not_this_ones_fault(whole, make_result):
    assert missing_results(whole(make_result(status="failed", run_id="r0", by_protocol={})), []) == []


def test_a_network_without_anything_beside_it_is_not_enough(whole):
    assert missing_results(whole(baselines=(), comparisons=()), [MAPS]) == ["audit binary: no baselines"]
    assert missing_results(whole(comparisons=()), [MAPS]) == ["compare binary: no comparisons"]


def test_maps_are_missed_where_there_can_be_some(whole):
    assert missing_results(whole(), []) == ["explain VGG16 binary: no maps"]
    assert missing_results(whole(pooling="max"), []) == []
    own = {"VGG16": {"model": "/w/mine.keras", "architecture": None}}
    assert missing_results(whole(networks=own), []) == []
