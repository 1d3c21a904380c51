"""Copy files to and from a volume in parallel; an interrupted upload continues where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from databricks.sdk.errors.base import DatabricksError
from requests import RequestException

from data_upload.items import UploadItem, extraneous, is_uploaded
from data_upload.local_state import Journal
from data_upload.volume import Volume, one_line

# Errors of one file, after which the others go on.
_FILE_ERRORS = (DatabricksError, RequestException, OSError, RuntimeError)


@dataclass(frozen=True)
class Plan:
    """What an upload does to a volume.

    Attributes
    ----------
    send, skip : tuple of UploadItem
        Items that the volume lacks, and items that it holds.
    delete, keep : tuple of str
        Names of extraneous files in the volume: those to delete, and those that stay.
    """

    send: tuple[UploadItem, ...]
    skip: tuple[UploadItem, ...]
    delete: tuple[str, ...]
    keep: tuple[str, ...]


@dataclass(frozen=True)
class Failure:
    """A file that could not be copied or deleted, and the error."""

    name: str
    error: str


def plan(
    items: Sequence[UploadItem],
    remote: Mapping[str, int],
    sent: Mapping[str, str],
    pseudonymised: bool,
    delete: bool,
) -> Plan:
    """Compare the folder with the volume.

    Parameters
    ----------
    remote : mapping of str to int
        Sizes in bytes by name, as the volume lists them.
    sent : mapping of str to str
        sha256 by name of what was sent from here.
    pseudonymised : bool
        Whether the names of X-rays are their checksums.
    delete : bool
        Whether to delete the files of the volume that the folder does not have.
    """
    extra = tuple(extraneous(items, remote))
    uploaded = {item.name for item in items if is_uploaded(item, remote, sent, pseudonymised)}
    return Plan(
        send=tuple(item for item in items if item.name not in uploaded),
        skip=tuple(item for item in items if item.name in uploaded),
        delete=extra if delete else (),
        keep=() if delete else extra,
    )


def execute(
    todo: Plan, volume: Volume, journal: Journal, workers: int, notify: Callable[[int, int], None]
) -> list[Failure]:
    """Send and delete, then check the sizes of all files that were sent.

    Parameters
    ----------
    notify : callable
        Called with (done, total) after each file.

    Returns
    -------
    list of Failure
        Sorted by name; empty if everything succeeded.

    Raises
    ------
    DataUploadError
        If the volume may not be written to; nothing has been sent then.
    """

    def send(item: UploadItem) -> None:
        volume.send(item.name, item.read())
        journal.write(item)

    calls = {item.name: partial(send, item) for item in todo.send}
    calls |= {name: partial(volume.delete, name) for name in todo.delete}
    volume.make_folders(item.name for item in todo.send)
    failures = _in_parallel(calls, workers, notify)
    if todo.send:
        arrived = volume.sizes()
        failed = {failure.name for failure in failures}
        failures += [
            Failure(item.name, f"{arrived.get(item.name, 0)} of {item.size} bytes arrived: send it again")
            for item in todo.send
            if item.name not in failed and arrived.get(item.name) != item.size
        ]
    return sorted(failures, key=lambda failure: failure.name)


def fetch_all(
    volume: Volume, output: Path, workers: int, notify: Callable[[int, int], None]
) -> tuple[int, list[Failure]]:
    """Download every file of a volume into a folder; return the number of files, and those that failed."""
    names = volume.sizes()
    calls = {name: partial(volume.fetch, name, output / name) for name in names}
    return len(names), _in_parallel(calls, workers, notify)


def _in_parallel(
    calls: Mapping[str, Callable[[], None]], workers: int, notify: Callable[[int, int], None]
) -> list[Failure]:
    failures = []
    pool = ThreadPoolExecutor(workers)
    try:
        running = {pool.submit(call): name for name, call in calls.items()}
        for done, future in enumerate(as_completed(running), start=1):
            try:
                future.result()
            except _FILE_ERRORS as error:
                failures.append(Failure(running[future], one_line(error)))
            notify(done, len(running))
    finally:
        # After Ctrl-C transfers under way are completed, and no others start.
        pool.shutdown(cancel_futures=True)
    return failures
