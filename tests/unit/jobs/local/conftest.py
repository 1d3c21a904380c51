"""A request as the command line gives it, for a folder with one tiny file a class."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.local.request import RunRequest, parse_request

RUN = "ResNet50_binary_classification"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "my data"
    for label in ("Covid-19", "No_findings"):
        (folder / label).mkdir(parents=True)
        (folder / label / "a.png").write_bytes(b"picture")
    return folder


@pytest.fixture
def make_request(data: Path, tmp_path: Path, root: Path) -> Callable[..., RunRequest]:
    """Parse the arguments of `run`: make_request(name="all", set=["seed=1"])."""

    def make(**changes: object) -> RunRequest:
        given = {"name": RUN, "data": data, "patients": None, "weights": "random", "set": []}
        given |= {"output": tmp_path / "out", "config": root / "config.yaml"}
        return parse_request(Namespace(**given | changes))

    return make
