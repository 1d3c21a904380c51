"""Who may see what a deployment makes, what starts its jobs, and who is told of them."""

from __future__ import annotations

import pytest
from jobgraph import load_job
from jobgraph.bundle import read_bundle

from tests.unit.resources.definitions import (
    BUNDLE,
    FILES,
    JOBS,
    TARGETS,
    context_of,
    resolved,
    resources_of,
    settings_of,
)


def test_nobody_but_the_deployer_may_read_unless_said() -> None:
    bundle = read_bundle(BUNDLE)
    grants = {
        (kind, key): [(grant["principal"], *sorted(grant["privileges"])) for grant in spec.get("grants", [])]
        for file in FILES
        for kind, key, spec in resources_of(file)
        if kind in ("schemas", "volumes")
    }
    assert grants == {
        ("schemas", "xray"): [("${var.readers}", "EXECUTE", "SELECT", "USE_SCHEMA")],
        ("volumes", "reports"): [("${var.readers}", "READ_VOLUME")],
        ("volumes", "weights"): [("${var.readers}", "READ_VOLUME")],
        ("volumes", "images"): [],
        ("volumes", "incoming"): [],
        ("volumes", "checkpoints"): [],
    }
    assert bundle.variables["readers"] == "${workspace.current_user.userName}"


def test_others_may_look_and_start_or_change_nothing() -> None:
    found = {
        (kind, entry["group_name"], entry["level"])
        for file in FILES
        for kind, _, spec in resources_of(file)
        for entry in spec.get("permissions", [])
    }
    levels = {("jobs", "CAN_VIEW"), ("dashboards", "CAN_READ"), ("experiments", "CAN_READ")}
    assert found == {(kind, "${var.viewers}", level) for kind, level in levels}


@pytest.mark.parametrize("target", TARGETS)
def test_scoring_starts_when_x_rays_arrive_where_it_reads(target: str) -> None:
    trigger = resolved("jobs", "scoring", target)["trigger"]
    parameters = load_job(BUNDLE, "scoring", target=target, context=context_of(target)).parameters
    assert trigger["file_arrival"]["url"] == f"{parameters['data']}/"
    assert parameters["model"] == "VGG16_multiclass"


def test_nothing_starts_by_itself_but_in_prod() -> None:
    assert [settings_of(target).get("mode") for target in ("dev", "free")] == ["development"] * 2
    assert settings_of("staging")["presets"]["trigger_pause_status"] == "PAUSED"
    triggers = [resolved("jobs", key, "prod")["trigger"] for key in ("training", "scoring")]
    assert not [trigger for trigger in triggers if "pause_status" in trigger]


@pytest.mark.parametrize("job", JOBS)
def test_a_failed_and_an_overlong_run_are_told_by_mail_and_webhook(job: str) -> None:
    spec = read_bundle(BUNDLE).resource("jobs", job).spec
    # A health rule by itself only colours the run.
    assert [rule["metric"] for rule in spec["health"]["rules"]] == ["RUN_DURATION_SECONDS"]
    for kind, addresses in (("email", "${var.notify}"), ("webhook", "${var.webhooks}")):
        events = ("on_failure", "on_duration_warning_threshold_exceeded")
        assert spec[f"{kind}_notifications"] == dict.fromkeys(events, addresses)
    assert [notified_in(target) for target in TARGETS] == [["someone@example.org"]] * 2 + [[]] * 2


def notified_in(target: str) -> list[str]:
    return resolved("jobs", "training", target)["email_notifications"].get("on_failure", [])
