"""Send a folder of X-rays to a volume: in parallel, each file once, and on from where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from databricks.sdk.errors.base import DatabricksError
from requests import RequestException

from data_upload.journal import Journal
from data_upload.parcels import Parcel, is_there, strangers
from data_upload.volume import Volume, one_line

# What a file may fail with while the others go on.
_FAULTS = (DatabricksError, RequestException, OSError, RuntimeError)


@dataclass(frozen=True)
class Plan:
    """What to do about a volume; `keep` names the files there that the folder lacks and that may stay."""

    send: tuple[Parcel, ...]
    skip: tuple[Parcel, ...]
    delete: tuple[str, ...]
    keep: tuple[str, ...]


@dataclass(frozen=True)
class Failure:
    """A file that did not make it, and why."""

    name: str
    error: str


def plan(
    parcels: Sequence[Parcel],
    there: Mapping[str, int],
    sent: Mapping[str, str],
    pseudonymised: bool,
    delete: bool,
) -> Plan:
    """Compare the folder with the volume.

    Parameters
    ----------
    there : mapping of str to int
        Sizes in bytes by name, as the volume lists them.
    sent : mapping of str to str
        sha256 by name of what has been sent from here.
    delete : bool
        Whether files that the folder lacks are to go from the volume.
    """
    extra = tuple(strangers(parcels, there))
    known = {parcel.name for parcel in parcels if is_there(parcel, there, sent, pseudonymised)}
    return Plan(
        send=tuple(parcel for parcel in parcels if parcel.name not in known),
        skip=tuple(parcel for parcel in parcels if parcel.name in known),
        delete=extra if delete else (),
        keep=() if delete else extra,
    )


def carry_out(
    what: Plan, volume: Volume, journal: Journal, workers: int, notify: Callable[[int, int], None]
) -> list[Failure]:
    """Send and delete, and look at the end whether all sizes are right.

    Parameters
    ----------
    notify : callable
        Told (done, total) after each file.

    Returns
    -------
    list of Failure
        By name; empty when all went well.

    Raises
    ------
    DataUploadError
        If the volume may not be written to; nothing has been sent then.
    """

    def send(parcel: Parcel) -> None:
        volume.send(parcel.name, parcel.read())
        journal.write(parcel)

    calls = {parcel.name: partial(send, parcel) for parcel in what.send}
    calls |= {name: partial(volume.delete, name) for name in what.delete}
    volume.make_folders(parcel.name for parcel in what.send)
    failures = _in_parallel(calls, workers, notify)
    if what.send:
        there = volume.sizes()
        failed = {failure.name for failure in failures}
        failures += [
            Failure(parcel.name, f"{there.get(parcel.name, 0)} of {parcel.size} bytes arrived: send it again")
            for parcel in what.send
            if parcel.name not in failed and there.get(parcel.name) != parcel.size
        ]
    return sorted(failures, key=lambda failure: failure.name)


def fetch_all(
    volume: Volume, output: Path, workers: int, notify: Callable[[int, int], None]
) -> tuple[int, list[Failure]]:
    """Fetch every file of a volume into a folder; return how many there are, and which failed."""
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
            except _FAULTS as error:
                failures.append(Failure(running[future], one_line(error)))
            notify(done, len(running))
    finally:
        # After Ctrl-C: what is on its way arrives, what has not started does not.
        pool.shutdown(cancel_futures=True)
    return failures
