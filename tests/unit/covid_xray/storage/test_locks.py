import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from covid_xray.storage.locks import file_lock, retry_on_conflict

CONFLICT = "[DELTA_CONCURRENT_APPEND.WITHOUT_HINT] Transaction conflict detected"


class Writes:
    """A write that fails some times, and counts."""

    def __init__(self, *errors):
        self.errors, self.calls = list(errors), 0

    def __call__(self):
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)


def test_a_write_that_met_a_conflict_is_retried():
    write, pauses = Writes(RuntimeError(CONFLICT), RuntimeError("[DELTA_METADATA_CHANGED] x")), []
    retry_on_conflict(write, pauses.append)
    assert write.calls == 3
    assert 0 < pauses[0] < pauses[1] * 2 and len(pauses) == 2


def test_any_other_error_is_raised_at_once():
    write = Writes(RuntimeError("[DELTA_TABLE_NOT_FOUND] x"))
    with pytest.raises(RuntimeError, match="NOT_FOUND"):
        retry_on_conflict(write, pytest.fail)
    assert write.calls == 1


def test_the_tenth_conflict_is_raised():
    write = Writes(*[RuntimeError(CONFLICT)] * 12)
    with pytest.raises(RuntimeError, match="conflict"):
        retry_on_conflict(write, lambda seconds: None)
    assert write.calls == 10


def hold(file, entered, leave, waiting):
    with file_lock(file, waiting.set):
        entered.set()
        leave.wait(20)


@pytest.fixture
def file(tmp_path):
    """A lock in a folder that does not exist yet."""
    return tmp_path / "folder" / "lock"


@pytest.fixture
def other(file):
    """A process that asks for the lock, and the events of its having entered, being let go and waiting."""
    context = multiprocessing.get_context("spawn")
    entered, leave, waiting = context.Event(), context.Event(), context.Event()
    process = context.Process(target=hold, args=(file, entered, leave, waiting))
    yield process, entered, leave, waiting
    # Setting an event waits for those that wait for it, which a killed process would do for ever.
    if process.is_alive():
        leave.set()
        process.join(20)


def test_another_process_waits_reports_it_and_then_enters(file, other):
    process, entered, _, waiting = other
    with file_lock(file):
        process.start()
        assert waiting.wait(20) and not entered.is_set()
    assert entered.wait(20)


def test_the_lock_of_a_killed_process_is_released(file, other):
    process, entered, _, _ = other
    process.start()
    assert entered.wait(20)
    process.kill()
    with file_lock(file, lambda: process.join(20)):
        pass


def test_the_threads_of_a_process_hold_the_lock_together_until_the_last_leaves(file, other):
    process, entered, _, waiting = other
    inside, leave = threading.Barrier(3), threading.Event()

    def write():
        with file_lock(file):
            inside.wait(20)
            leave.wait(20)

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    inside.wait(20)
    with file_lock(file):
        pass
    process.start()
    assert waiting.wait(20) and not entered.is_set()
    leave.set()
    assert entered.wait(20)
    for thread in threads:
        thread.join()


def test_only_one_of_the_waiting_threads_reports_it(file, other):
    process, entered, leave, _ = other
    process.start()
    assert entered.wait(20)
    asked, reports = threading.Barrier(4), []

    def write():
        asked.wait(20)
        with file_lock(file, lambda: (reports.append(1), leave.set())):
            pass

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    asked.wait(20)
    for thread in threads:
        thread.join()
    assert reports == [1]


def test_threads_that_come_and_go_never_wait_for_one_another(file):
    def write(_):
        with file_lock(file, lambda: pytest.fail("no other process holds the lock")):
            pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(400)))


def test_an_error_inside_releases_the_lock(file, other):
    process, entered, _, _ = other
    with pytest.raises(ValueError, match="inside"), file_lock(file):
        raise ValueError("inside")
    process.start()
    assert entered.wait(20)
