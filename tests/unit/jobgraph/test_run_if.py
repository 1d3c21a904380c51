from __future__ import annotations

import pytest
from jobgraph import RunIf, State
from jobgraph.run_if import decide

RUN, GOOD, BAD, UP, OUT = (
    State.RUNNING,
    State.SUCCESS,
    State.FAILED,
    State.UPSTREAM_FAILED,
    State.EXCLUDED,
)

# One row for each way the dependencies can end, one column for each condition.
COLUMNS = (
    RunIf.ALL_SUCCESS,
    RunIf.ALL_DONE,
    RunIf.NONE_FAILED,
    RunIf.AT_LEAST_ONE_SUCCESS,
    RunIf.AT_LEAST_ONE_FAILED,
    RunIf.ALL_FAILED,
)
TABLE = [
    ((), (RUN, RUN, RUN, RUN, RUN, RUN)),
    ((GOOD,), (RUN, RUN, RUN, RUN, OUT, OUT)),
    ((GOOD, GOOD), (RUN, RUN, RUN, RUN, OUT, OUT)),
    ((GOOD, BAD), (UP, RUN, UP, RUN, RUN, OUT)),
    ((GOOD, UP), (UP, RUN, UP, RUN, RUN, OUT)),
    ((GOOD, OUT), (RUN, RUN, RUN, RUN, OUT, OUT)),
    ((BAD,), (UP, RUN, UP, UP, RUN, RUN)),
    ((BAD, BAD), (UP, RUN, UP, UP, RUN, RUN)),
    ((BAD, UP), (UP, RUN, UP, UP, RUN, RUN)),
    ((UP,), (UP, RUN, UP, UP, RUN, RUN)),
    ((BAD, OUT), (UP, RUN, UP, RUN, RUN, OUT)),
    ((OUT,), (OUT, OUT, OUT, OUT, OUT, OUT)),
    ((OUT, OUT), (OUT, OUT, OUT, OUT, OUT, OUT)),
]


@pytest.mark.parametrize(
    ("run_if", "ends", "expected"),
    [
        pytest.param(run_if, ends, expected, id=f"{run_if}-{'-'.join(ends) or 'none'}")
        for ends, row in TABLE
        for run_if, expected in zip(COLUMNS, row, strict=True)
    ],
)
def test_a_task_runs_or_is_skipped_as_on_databricks(
    run_if: RunIf, ends: tuple[State, ...], expected: State
) -> None:
    assert decide(run_if, ends) is expected


def test_every_condition_is_in_the_table() -> None:
    assert set(COLUMNS) == set(RunIf)
