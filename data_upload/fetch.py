"""Download the public dataset with git, which checks all contents against the hash of the commit."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from covid_xray.dataset.known import COVID_19
from covid_xray.dataset.metadata import PATIENTS
from covid_xray.dataset.record import Commit
from covid_xray.progress import counted

from data_upload.csv_files import csv_bytes
from data_upload.errors import DataUploadError

DATASET = COVID_19.images
# The collection whose patients stand in a table of its own, and not in the names of its files.
_COLLECTION, METADATA = next((c, c.metadata) for c in COVID_19.collections if c.metadata)
(COVID,) = _COLLECTION.classes


class _GitError(DataUploadError):
    """Raised when git fails, with git's own message."""


def fetch_dataset(output: Path, dataset: Commit, metadata: Commit) -> str:
    """Download the images, and the patient ids of the COVID images; return a one-line summary.

    Parameters
    ----------
    output : Path
        Receives `<Class>/<file>` and patients.csv. The names of NIH files contain their patients' ids.
    dataset : Commit
        Its `path` is the name of a class folder, anywhere in the repository; the others lie beside it.
    metadata : Commit
        Its `path` is a CSV file with the columns `filename` and `patientid`.

    Raises
    ------
    DataUploadError
        If git is missing, a repository cannot be reached, or `output` has other files.
    """
    stamp = output / ".commits"
    wanted = f"{dataset.commit}\n{metadata.commit}\n"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return f"{output} already has the dataset, at commit {dataset.commit[:12]}"
    output.mkdir(parents=True, exist_ok=True)
    if any(not entry.name.startswith(".fetch-") for entry in output.iterdir()):
        raise DataUploadError(f"{output} is not empty: give a new folder")
    with TemporaryDirectory(prefix=".fetch-", dir=output) as folder:
        images = _class_folders(Path(folder) / "images", dataset)
        table = _file(Path(folder) / "metadata", metadata)
        for entry in sorted(images.iterdir()):
            if entry.is_dir():
                entry.rename(output / entry.name)
    known = _write_patients(output, table)
    stamp.write_text(wanted, encoding="utf-8")
    found = counted(sum(file.is_file() for file in output.glob("[!.]*/*")), "image")
    return f"{found} in {output}; {PATIENTS} has the patient ids of {counted(known, f'{COVID} image')}"


def _class_folders(folder: Path, source: Commit) -> Path:
    """Download and unpack a commit; return the folder that has the class folders."""
    repository = _fetch(folder, source)
    archive, unpacked = folder / "tree.tar", folder / "tree"
    _git("-C", str(repository), "archive", "-o", str(archive.resolve()), source.commit)
    with tarfile.open(archive) as tar:
        tar.extractall(unpacked, filter="data")
    found = sorted(entry for entry in unpacked.rglob(source.path) if entry.is_dir())
    if not found:
        raise DataUploadError(f"{source.url} at {source.commit[:12]} has no folder {source.path}")
    return found[0].parent


def _file(folder: Path, source: Commit) -> str:
    """Return the text of a file of a commit, and download as little else as the server allows."""
    repository = _fetch(folder, source, "--filter=blob:none")
    return _git("-C", str(repository), "show", f"{source.commit}:{source.path}")


def _fetch(folder: Path, source: Commit, *options: str) -> Path:
    repository = folder / "repository"
    _git("init", "--quiet", "--bare", str(repository))
    _git("-C", str(repository), "remote", "add", "origin", source.url)
    try:
        _git("-C", str(repository), "fetch", "--quiet", "--depth=1", *options, "origin", source.commit)
    except _GitError as error:
        raise DataUploadError(
            f"commit {source.commit[:12]} of {source.url} cannot be fetched ({error}): check the connection, "
            "or get the dataset another way and give its folder as --data"
        ) from None
    return repository


def _git(*arguments: str) -> str:
    # No prompt: GitHub asks for a password where a repository does not exist.
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, check=True, env=environment)  # noqa: S603, S607
    except FileNotFoundError:
        raise DataUploadError("git is not installed: install it and try again") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        # git may print hints and advice around the error.
        fatal = [line for line in said if line.startswith("fatal: ")] or said or [str(error)]
        raise _GitError(f"git reports: {fatal[0].removeprefix('fatal: ')}") from None
    return done.stdout.decode("utf-8")


def _write_patients(output: Path, table: str) -> int:
    """Write patients.csv for the COVID images in `output`; return its number of rows."""
    # Not `csv_reader`: this table is of one commit and cannot change, and its other columns are hand-written.
    patients = {row["filename"]: row["patientid"] for row in csv.DictReader(io.StringIO(table))}
    names = sorted(file.name for file in (output / COVID).iterdir())
    rows = [
        (COVID, name, f"{_COLLECTION.patient_prefix}{patients[name]}") for name in names if patients.get(name)
    ]
    if rows:
        # A header alone would be refused by whoever reads it.
        (output / PATIENTS).write_bytes(csv_bytes(["label", "original_filename", "patient_id"], rows))
    return len(rows)
