import re
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from covid_xray.errors import StageError
from covid_xray.storage.runs import inputs_id, new_run_id, settings_of

FILES = pd.DataFrame(
    {
        "path": ["a/1.png", "b/2.png"],
        "image_id": ["x", "y"],
        "reason": [None, "duplicate"],
        "patient_id": ["p1", "p2"],
        "source": [None, "Mercy"],
        "view": ["PA", None],
        "sex": ["F", None],
        "age": [61, None],
    }
)


@pytest.fixture
def inputs(make_settings):
    def make(files=FILES, weights="random", **changes):
        return inputs_id(files, weights, make_settings(**changes))

    return make


def test_equal_inputs_have_equal_ids(inputs):
    assert inputs() == inputs(FILES.copy())


@pytest.mark.parametrize(
    "change",
    [
        {"files": FILES.assign(image_id=["x", "z"])},
        {"files": FILES.assign(path=["c/1.png", "b/2.png"])},
        {"files": FILES.assign(reason=None)},
        {"files": FILES.assign(patient_id="p1")},
        {"files": FILES.assign(source="Mercy")},
        {"files": FILES.assign(view="AP")},
        {"files": FILES.assign(sex=None)},
        {"files": FILES.assign(age=[61, 62])},
        {"weights": "imagenet"},
        {"seed": 9},
        {"reg_param": 0.5},
    ],
)
def test_an_input_that_changes_results_changes_the_id(inputs, change):
    assert inputs(**change) != inputs()


def test_an_execution_setting_does_not_change_the_id(inputs):
    assert inputs(**{"execution.chunk_images": 7}) == inputs()


def test_run_ids_sort_by_time_and_differ_within_a_second():
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert re.fullmatch(r"20260102T030405Z-[0-9a-f]{4}", new_run_id(now))
    assert new_run_id(now) < new_run_id(now + timedelta(seconds=1))
    assert len({new_run_id(now) for _ in range(20)}) > 1


def test_the_settings_of_a_run_are_those_it_was_started_with(make_settings):
    settings = make_settings(reg_param=3.0)
    assert settings_of([{"run_id": "r1", "settings": settings.model_dump_json()}]) == settings


def test_settings_that_this_version_cannot_read_give_a_one_line_error(make_settings):
    other = make_settings().model_dump_json().replace('"seed"', '"sead"')
    with pytest.raises(StageError, match="run r1 was started by a version with other settings") as raised:
        settings_of([{"run_id": "r1", "settings": other}])
    assert "\n" not in str(raised.value)
