import multiprocessing
import threading

import pytest
from covid_xray.storage.locks import again_after_conflicts, turn_at

CONFLICT = "[DELTA_CONCURRENT_APPEND.WITHOUT_HINT] Transaction conflict detected"


class Writes:
    """A write that fails some times, and counts."""

    def __init__(self, *errors):
        self.errors, self.calls = list(errors), 0

    def __call__(self):
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)


def test_a_commit_that_lost_a_race_is_tried_again():
    write, pauses = Writes(RuntimeError(CONFLICT), RuntimeError("[DELTA_METADATA_CHANGED] x")), []
    again_after_conflicts(write, pauses.append)
    assert write.calls == 3
    assert 0 < pauses[0] < pauses[1] * 2 and len(pauses) == 2


def test_any_other_error_is_raised_at_once():
    write = Writes(RuntimeError("[DELTA_TABLE_NOT_FOUND] x"))
    with pytest.raises(RuntimeError, match="NOT_FOUND"):
        again_after_conflicts(write, pytest.fail)
    assert write.calls == 1


def test_the_tenth_conflict_is_raised():
    write = Writes(*[RuntimeError(CONFLICT)] * 12)
    with pytest.raises(RuntimeError, match="conflict"):
        again_after_conflicts(write, lambda seconds: None)
    assert write.calls == 10


def take_turn(file, entered, leave, told):
    with turn_at(file, told.set):
        entered.set()
        leave.wait(20)


@pytest.fixture
def other(tmp_path):
    """A process that asks for a turn: what it has reached, and how to end it."""
    context = multiprocessing.get_context("spawn")
    entered, leave, told = context.Event(), context.Event(), context.Event()
    process = context.Process(target=take_turn, args=(tmp_path / "folder" / "lock", entered, leave, told))
    yield process, entered, leave, told
    # An event waits for those that wait for it, which one that was killed will do for ever.
    if process.is_alive():
        leave.set()
        process.join(20)


def test_another_process_waits_says_so_and_has_its_turn_afterwards(tmp_path, other):
    process, entered, _, told = other
    with turn_at(tmp_path / "folder" / "lock"):
        process.start()
        assert told.wait(20) and not entered.wait(0.3)
    assert entered.wait(20)


def test_the_turn_of_a_killed_process_is_over(tmp_path, other):
    process, entered, _, _ = other
    process.start()
    assert entered.wait(20)
    process.kill()
    with turn_at(tmp_path / "folder" / "lock", lambda: process.join(20)):
        pass


def test_threads_of_one_process_have_their_turn_together_and_it_ends_with_the_last(tmp_path, other):
    process, entered, _, _ = other
    inside, leave = threading.Barrier(3), threading.Event()

    def write():
        with turn_at(tmp_path / "folder" / "lock"):
            inside.wait(20)
            leave.wait(20)

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    inside.wait(20)
    with turn_at(tmp_path / "folder" / "lock"):
        pass
    process.start()
    assert not entered.wait(1)
    leave.set()
    assert entered.wait(20)
    for thread in threads:
        thread.join()
