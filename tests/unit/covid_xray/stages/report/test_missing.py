"""What makes a run's last task fail, though there is a page."""

import pytest
from covid_xray.evaluation.box_summary import BoxSummary
from covid_xray.stages.report.explained import Explanation
from covid_xray.stages.report.missing import missing

BOX = BoxSummary(0.6, 0.5, 0.7, 20, 20, 0.52)
MAPS = Explanation("VGG16", "binary", "imagenet", BOX, (), 0)


@pytest.fixture
def whole(make_report, make_result, baseline, make_lift):
    """A run that lacks nothing, or what it is made to lack."""
    lift = make_lift(0, -0.1, 0.1)

    def make(network=None, baselines=(baseline,), comparisons=(lift,), **settings):
        settings = {"pooling": "published"} | settings
        return make_report(network or make_result(), *baselines, comparisons=comparisons, **settings)

    return make


def test_a_whole_run_lacks_nothing(whole):
    assert missing(whole(), [MAPS]) == []


def test_a_row_that_did_not_succeed_is_named_with_its_error(whole, make_result):
    lacking = whole(make_result(status="failed", error="no weights", measured={}))
    assert missing(lacking, []) == ["VGG16 binary failed: no weights"]
    pending = whole(make_result(status="pending", measured={}))
    assert missing(pending, []) == ["VGG16 binary pending: not reached"]


def test_a_row_of_an_earlier_run_is_not_this_ones_fault(whole, make_result):
    assert missing(whole(make_result(status="failed", run_id="r0", measured={})), []) == []


def test_a_network_without_anything_beside_it_is_not_enough(whole):
    assert missing(whole(baselines=(), comparisons=()), [MAPS]) == ["audit binary: no baselines"]
    assert missing(whole(comparisons=()), [MAPS]) == ["compare binary: no comparisons"]


def test_maps_are_missed_where_there_can_be_some(whole):
    assert missing(whole(), []) == ["explain VGG16 binary: no maps"]
    assert missing(whole(pooling="max"), []) == []
