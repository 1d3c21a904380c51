"""Write a small synthetic dataset: class folders of phantoms, and patients.csv."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from covid_xray.dataset.metadata import PATIENTS

from data_upload.csv_files import csv_bytes
from data_upload.errors import DataUploadError
from data_upload.phantom import PATTERNS, draw_phantom

# Pictures of a patient: every second patient has two, so that images and patients differ in number.
_VIEWS = (1, 2)


def draw_sample(output: Path, per_class: int, seed: int) -> None:
    """Draw `per_class` pictures of each class; equal seeds give equal bytes.

    Parameters
    ----------
    output : Path
        Receives `<Class>/phantom-<patient>-<view>.png` and `patients.csv`.
    per_class : int
        At least 1.
    seed : int
        At least 0.

    Raises
    ------
    DataUploadError
        If `per_class` or `seed` is out of range.
    """
    if per_class < 1 or seed < 0:
        raise DataUploadError(
            f"cannot draw {per_class} images of each class with seed {seed}: --per-class must be at least 1, "
            "and --seed at least 0"
        )
    rows = [
        row for place, label in enumerate(PATTERNS) for row in _draw(output, label, place, per_class, seed)
    ]
    _write(output / PATIENTS, csv_bytes(["label", "original_filename", "patient_id"], rows))


def _draw(output: Path, label: str, place: int, count: int, seed: int) -> Iterator[tuple[str, str, str]]:
    folder = output / label
    folder.mkdir(parents=True, exist_ok=True)
    # Pictures of an earlier, larger sample must not mix with these.
    leftover = set(folder.glob("phantom-*.png"))
    for number, view in _pictures(count):
        patient = f"p{place}{number:04d}"
        body = np.random.default_rng((seed, place, number))
        picture = draw_phantom(label, body, np.random.default_rng((seed, place, number, view)))
        name = f"phantom-{patient}-{view}.png"
        file = io.BytesIO()
        picture.save(file, "PNG")
        _write(folder / name, file.getvalue())
        leftover.discard(folder / name)
        yield label, name, patient
    for old in leftover:
        old.unlink()


def _write(file: Path, content: bytes) -> None:
    """Write a file unless it has this content already, so that its modification time stays."""
    if not file.is_file() or file.read_bytes() != content:
        file.write_bytes(content)


def _pictures(count: int) -> Iterator[tuple[int, int]]:
    """Yield (patient, view) of `count` pictures."""
    drawn = 0
    patient = 0
    while drawn < count:
        for view in range(1, _VIEWS[patient % len(_VIEWS)] + 1):
            if drawn < count:
                yield patient, view
                drawn += 1
        patient += 1
