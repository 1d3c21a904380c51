"""Write a small synthetic set: class folders of phantoms and patients.csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from covid_xray.dataset.folder import PATIENTS

from data_upload.errors import DataUploadError
from data_upload.phantom import PATTERNS, draw_phantom

# Of every two patients one comes twice, so that images and patients are not the same thing.
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
            f"a sample of {per_class} images per class with seed {seed} cannot be drawn: "
            "--per-class starts at 1 and --seed at 0"
        )
    rows = [
        row for place, label in enumerate(PATTERNS) for row in _draw(output, label, place, per_class, seed)
    ]
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["label", "original_filename", "patient_id"])
    writer.writerows(rows)
    _write(output / PATIENTS, table.getvalue().encode())


def _draw(output: Path, label: str, place: int, count: int, seed: int) -> Iterator[tuple[str, str, str]]:
    folder = output / label
    folder.mkdir(parents=True, exist_ok=True)
    # A larger sample that was here before must not mix with this one.
    before = set(folder.glob("phantom-*.png"))
    for number, view in _pictures(count):
        patient = f"p{place}{number:04d}"
        body = np.random.default_rng((seed, place, number))
        picture = draw_phantom(label, body, np.random.default_rng((seed, place, number, view)))
        name = f"phantom-{patient}-{view}.png"
        file = io.BytesIO()
        picture.save(file, "PNG")
        _write(folder / name, file.getvalue())
        before.discard(folder / name)
        yield label, name, patient
    for old in before:
        old.unlink()


def _write(file: Path, content: bytes) -> None:
    """Write a file unless it is there: whoever looks at times of change then sees that nothing is new."""
    if not file.is_file() or file.read_bytes() != content:
        file.write_bytes(content)


def _pictures(count: int) -> Iterator[tuple[int, int]]:
    """Return (patient, view) of `count` pictures."""
    drawn = 0
    patient = 0
    while drawn < count:
        for view in range(1, _VIEWS[patient % len(_VIEWS)] + 1):
            if drawn < count:
                yield patient, view
                drawn += 1
        patient += 1
