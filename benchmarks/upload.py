"""The upload against one file at a time with the SDK, to a workspace with 20 ms latency."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from databricks.sdk import WorkspaceClient
from radiograph import class_folders, walk

from benchmarks.options import Options
from benchmarks.processes import seconds
from benchmarks.result import Goal, Ratio
from data_upload.__main__ import main as data_upload
from tests.workspace.stand_in import IMAGES, Handler, Workspace

LATENCY = 0.020


def measure(options: Options) -> list[Ratio]:
    """Upload the same files with both methods, each time to an empty volume."""
    files = [found.file for found in walk(options.data, class_folders(options.data))][: options.images]
    with _workspace(options.folder):
        singly = seconds(lambda: _one_by_one(files))
    folder = _copied(files, options.folder / "upload")
    with _workspace(options.folder):
        ours = seconds(lambda: _upload(folder))
    parts = {"files": len(files), "one by one s": singly, "ours s": ours}
    return [Ratio("upload, 20 ms away: one by one / ours", singly / ours, Goal(low=6), parts)]


def _one_by_one(files: list[Path]) -> None:
    client = WorkspaceClient()
    for number, file in enumerate(files):
        client.files.upload(f"{IMAGES}/{number}{file.suffix}", io.BytesIO(file.read_bytes()), overwrite=True)


def _upload(folder: Path) -> None:
    if data_upload(["upload", "--data", str(folder), "--to", IMAGES]):
        raise RuntimeError("the upload failed")


def _copied(files: list[Path], folder: Path) -> Path:
    """Copy these files to a folder of their own, as an upload writes its journal to the folder."""
    for file in files:
        (folder / file.parent.name).mkdir(parents=True, exist_ok=True)
        (folder / file.parent.name / file.name).write_bytes(file.read_bytes())
    return folder


@contextmanager
def _workspace(folder: Path) -> Iterator[None]:
    """Serve an empty volume from another process, and configure the SDK for it."""
    receiver, sender = get_context("spawn").Pipe()
    server = get_context("spawn").Process(target=_serve, args=(sender,), daemon=True)
    server.start()
    try:
        os.environ |= {"DATABRICKS_HOST": receiver.recv(), "DATABRICKS_TOKEN": "none"}
        os.environ["DATABRICKS_CONFIG_FILE"] = str(folder / "none")
        yield
    finally:
        server.terminate()
        server.join()


def _serve(pipe: Connection) -> None:
    workspace = Workspace((IMAGES,))
    workspace.fault, workspace.page = _delay, 1000
    pipe.send(workspace.url)
    workspace.serve_forever()


def _delay(handler: Handler) -> bool:
    time.sleep(LATENCY)
    return False
