"""A workspace on loopback, and the command line that talks to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from data_upload.__main__ import main
from data_upload.sample import draw_sample
from tests.workspace.stand_in import IMAGES, REPORTS, Workspace


@pytest.fixture
def workspace(monkeypatch, tmp_path) -> Iterator[Workspace]:
    server = Workspace((IMAGES, REPORTS))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    for name, value in {"DATABRICKS_HOST": server.url, "DATABRICKS_TOKEN": "secret-token"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "none"))
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def sample(tmp_path):
    """Six synthetic X-rays in each class, with patients.csv."""
    draw_sample(tmp_path / "my data", per_class=6, seed=1)
    return tmp_path / "my data"


@pytest.fixture
def type_upload(workspace, sample, capsys):
    """Type an upload; the exit code and what was printed come back."""

    def run(*options, data=sample, to=IMAGES):
        code = main(["upload", "--data", str(data), "--to", to, *options])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run
