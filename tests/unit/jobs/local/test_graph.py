"""A job of the bundle run in this process: what is printed of it."""

import pytest
from covid_xray.errors import DataError, RunFailedError
from jobgraph import Failure, JobResult, State, Step

from jobs.local.graph import show_failures
from jobs.local.terminal import Terminal


@pytest.fixture
def failed(tmp_path):
    """The result of a job whose tasks failed with these errors."""

    def result(**errors):
        failures = tuple(Failure(Step(task, tmp_path, ()), error) for task, error in errors.items())
        return JobResult(dict.fromkeys(errors, State.FAILED), (), failures, succeeded=False)

    return result


def test_a_failure_is_one_line_and_the_reports_repetition_of_it_none(failed, capsys):
    with Terminal() as terminal:
        show_failures(
            failed(ingest=DataError("no images"), report=RunFailedError("1 result missing")),
            terminal,
            debug=False,
        )
    assert capsys.readouterr().out == "ingest failed: no images\n"


def test_with_debug_the_error_itself_is_raised(failed):
    with Terminal() as terminal, pytest.raises(DataError, match="no images"):
        show_failures(failed(ingest=DataError("no images")), terminal, debug=True)


def test_a_report_that_fails_alone_says_what_is_missing(failed, capsys):
    with Terminal() as terminal:
        show_failures(failed(report=RunFailedError("1 result missing")), terminal, debug=False)
    assert capsys.readouterr().out == "report failed: 1 result missing\n"
