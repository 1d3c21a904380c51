"""Features like those of a network: non-negative, heavy-tailed, correlated; and 40 fits of three classes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from covid_xray.evaluation.folds import Folds
from covid_xray.storage.session import session_settings
from logistic.rows import Fit, Labels

CLASSES = 3
_FACTORS = 48
# Of the factors that depend on the class: three-class accuracy is then about 0.8.
_INFORMATIVE, _SHIFT = 12, 0.55
_CHUNK = 4096
_LOOKED_AT = 256
# Shares of features that are 0: 0.925 of VGG16's flat ones on real X-rays.
AVERAGED, FLAT = 0.5, 0.92
_TASKS = {"binary": ("0", "1"), "multiclass": ("0", "1", "2")}
_GROUPED_REPEATS, _GROUPED_FOLDS, _RANDOM_REPEATS = 3, 5, 5
_FILE_ROWS = 1024


@dataclass(frozen=True)
class Synthetic:
    """Rows drawn with a seed.

    Attributes
    ----------
    features : ndarray of float32, shape (n, d)
    codes : ndarray of int64, shape (n,)
    patients : ndarray of int64, shape (n,)
        Of 3.6 rows each on average, as in NIH ChestX-ray14.
    """

    features: npt.NDArray[np.float32]
    codes: npt.NDArray[np.int64]
    patients: npt.NDArray[np.int64]


def draw(rows: int, columns: int, zeros: float = AVERAGED, seed: int = 7) -> Synthetic:
    """Draw rows: the first of many are those of few.

    Parameters
    ----------
    zeros : float
        Share of features that are 0.
    """
    random = np.random.default_rng(seed)
    loadings = (
        random.standard_normal((_FACTORS, columns)) * 1.5 / np.sqrt(np.arange(1, _FACTORS + 1))[:, None]
    )
    scales = np.exp(random.standard_normal(columns) * 0.8)
    centers = random.standard_normal((CLASSES, _FACTORS)) * _SHIFT * (np.arange(_FACTORS) < _INFORMATIVE)
    features = np.empty((rows, columns), np.float32)
    codes = np.empty(rows, np.int64)
    threshold: float | None = None
    for start in range(0, rows, _CHUNK):
        part = slice(start, min(start + _CHUNK, rows))
        codes[part] = random.integers(CLASSES, size=_CHUNK)[: part.stop - start]
        factors = random.standard_t(5, (_CHUNK, _FACTORS))[: part.stop - start] + centers[codes[part]]
        noise = random.standard_normal((_CHUNK, columns), np.float32)[: part.stop - start]
        inputs = factors @ loadings + noise
        threshold = np.quantile(inputs[:_LOOKED_AT], zeros) if threshold is None else threshold
        features[part] = np.maximum(inputs - threshold, 0) ** 1.5 * scales
    return Synthetic(features, codes, np.arange(rows) * 10 // 36)


def write(folder: Path, rows: int, columns: int, zeros: float = AVERAGED) -> None:
    """Write features in sorted files, as featurize does, and codes and patients."""
    drawn = draw(rows, columns, zeros)
    (folder / "features").mkdir(parents=True)
    group = int(session_settings()["spark.hadoop.parquet.block.size"]) // (columns * 4)
    for start in range(0, rows, _FILE_ROWS):
        part = slice(start, start + _FILE_ROWS)
        values = {
            "image_id": ids(rows)[part],
            "features": [row.tobytes() for row in drawn.features[part]],
            "label": drawn.codes[part].astype(float),
        }
        file = folder / "features" / f"{start:06}.parquet"
        pq.write_table(pa.table(values), file, row_group_size=group, compression="zstd", compression_level=1)
    np.savez(folder / "drawn.npz", codes=drawn.codes, patients=drawn.patients)


def folds(folder: Path, rows: int) -> Folds:
    """Draw 40 fits: both tasks, three times five folds of patients and five times a fifth of the images."""
    drawn, random = np.load(folder / "drawn.npz"), np.random.default_rng(3)
    codes, patients = drawn["codes"], drawn["patients"]
    fits, names, columns = list[Fit](), list[tuple[str, int]](), list[npt.NDArray[np.int64]]()
    for task in range(len(_TASKS)):
        for repeat in range(_GROUPED_REPEATS):
            fits += [Fit(task, len(columns), fold) for fold in range(_GROUPED_FOLDS)]
            columns.append(random.integers(_GROUPED_FOLDS, size=patients.max() + 1)[patients])
            names.append(("patient_grouped", repeat))
        for repeat in range(_RANDOM_REPEATS):
            fits.append(Fit(task, len(columns), 0))
            columns.append(np.where(random.random(rows) < 0.2, 0, -1))
            names.append(("as_published", repeat))
    images = pd.DataFrame({"image_id": ids(rows), "patient_id": patients, "label": codes.astype(str)})
    of_tasks = np.stack([np.where(codes < 2, codes, -1), codes], axis=1)
    labels = Labels(of_tasks.astype(np.int8), np.stack(columns, axis=1).astype(np.int8))
    return Folds(images, tuple(_TASKS), tuple(_TASKS.values()), labels, tuple(fits), tuple(names))


def ids(rows: int) -> list[str]:
    """Return the ids of the rows, sorted."""
    return [f"{row:06}" for row in range(rows)]
