"""A run typed again for another master, and held to the tables of the local one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from deltalake import DeltaTable


@pytest.fixture(scope="session")
def type_again(ran, root, tmp_path_factory) -> Callable[[str], Path]:
    """Type the run of `ran` in a process of its own, with --master; its output comes back."""

    def run(master: str) -> Path:
        output = tmp_path_factory.mktemp("there") / "my output"
        # Drawing them again would only cost time.
        shutil.copytree(ran.output / "weights", output / "weights", copy_function=os.link)
        command = ["-m", "jobs.local", "run", ran.name, "--data", str(ran.data), *ran.options]
        done = subprocess.run(
            [sys.executable, *command, "--output", str(output), "--master", master],
            cwd=root,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return output

    return run


@pytest.fixture(scope="session")
def check_same_tables() -> Callable[..., None]:
    return _check_same_tables


def _check_same_tables(ran, there: Path) -> None:
    ours, theirs = (_rows(output, "features", "image_id") for output in (ran.output, there))
    assert ours["image_id"].equals(theirs["image_id"]) and len(ours) == 24
    assert set(ours["weights_id"]) == set(theirs["weights_id"])
    values, others = (
        np.stack([np.frombuffer(packed, "<f4") for packed in frame["features"]]) for frame in (ours, theirs)
    )
    assert np.abs(values - others).max() <= 1e-5 * np.abs(values).max()
    # Other tests may have added runs to the local tables since.
    first = _rows(ran.output, "runs", "run_id")["run_id"][0]
    drawn = ["task", "protocol", "repeat", "image_id"]
    for table, key in (
        ("predictions", ["kind", "backbone", *drawn]),
        ("splits", drawn),
        ("quarantine", ["path"]),
    ):
        ours, theirs = _rows(ran.output, table, ["run_id", *key]), _rows(there, table, key)
        ours = ours[ours["run_id"] == first].reset_index(drop=True)
        assert len(theirs)
        given = [name for name in ours if name not in ("run_id", "probability")]
        pd.testing.assert_frame_equal(ours[given], theirs[given])
    pd.testing.assert_frame_equal(*(_rows(output, "images", "path") for output in (ran.output, there)))


def _rows(output: Path, table: str, key: str | list[str]) -> pd.DataFrame:
    frame = DeltaTable(output / "warehouse" / table).to_pandas()
    return frame.sort_values(key, ignore_index=True)
