"""One of several processes that write to the same tables at once: `python -m tests.faults.writer --help`."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path

from covid_xray.settings import load_settings
from covid_xray.storage import runs
from covid_xray.storage.session import CATALOG, SCHEMA, attach_warehouse, local_session
from covid_xray.storage.tables import Tables
from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parent.parent.parent
RUN, TASK = "run", "binary"
# Rows of `features` in a round.
IMAGES = 3


def main(warehouse: Path, number: int, writers: int, rounds: int) -> None:
    """Write in a Spark session of this process's own."""
    spark = local_session("local[1]", warehouse.parent / f"spark-{number}.log")
    write(spark, SCHEMA, warehouse, number, writers, rounds)


def write(spark: SparkSession, schema: str, warehouse: Path, number: int, writers: int, rounds: int) -> None:
    """Write for one backbone, round by round, all that a featurize and a train task write.

    Raises
    ------
    TimeoutError
        If the other writers do not come.
    """
    attach_warehouse(spark, warehouse, schema)
    tables = Tables(spark, CATALOG, schema)
    # All at once, as nothing in a workspace does: even then each table is created once.
    _wait_for_all("ready", warehouse.parent, number, writers)
    tables.create_all()
    _wait_for_all("created", warehouse.parent, number, writers)
    backbone, now = f"network{number}", datetime.now(UTC)
    settings = load_settings(ROOT / "config.yaml")
    request = runs.Request(RUN, (backbone,), (TASK,), "random", warehouse.parent)
    runs.open_run(tables, request, "inputs", settings, now)
    for done in range(1, rounds + 1):
        _write_round(tables, backbone, done)
        runs.update(tables, runs.state(tables, RUN, backbone), status=runs.RUNNING, featurized_images=done)
    runs.update(tables, runs.state(tables, RUN, backbone), status=runs.SUCCEEDED)


def _wait_for_all(what: str, folder: Path, number: int, writers: int, seconds: float = 120) -> None:
    """Return when every writer has come as far."""
    (folder / f"{what}-{number}").touch()
    end = time.monotonic() + seconds
    while len(list(folder.glob(f"{what}-*"))) < writers:
        if time.monotonic() > end:
            raise TimeoutError(f"not all of {writers} writers are {what} after {seconds:.0f} s")
        time.sleep(0.05)


def _write_round(tables: Tables, backbone: str, done: int) -> None:
    ids = [f"{backbone}-{done}-{image}" for image in range(IMAGES)]
    features = [{"image_id": image_id, "backbone": backbone, "features": b"ready"} for image_id in ids]
    tables.append("features", features)
    of_task = {"run_id": RUN, "backbone": backbone, "task": TASK, "kind": "backbone"}
    key = {name: [of_task[name]] for name in ("run_id", "kind", "backbone")}
    prediction = [of_task | {"image_id": "one", "repeat": done}]
    metric = [of_task | {"metric": "accuracy", "value": float(done)}]
    tables.replace_each({"predictions": (prediction, key), "metrics": (metric, key)})
    # One that is not partitioned: each replaces rows of its own beside those of the others.
    refused = [{"run_id": backbone, "path": str(done)}]
    tables.replace("quarantine", refused, where={"run_id": [backbone]})


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("number", type=int)
    parser.add_argument("writers", type=int)
    parser.add_argument("rounds", type=int)
    main(**vars(parser.parse_args()))
