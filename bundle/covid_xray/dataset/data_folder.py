"""The inventory of a data folder: its files with their patients and sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from pyspark.sql import SparkSession

from covid_xray.dataset.inventory import list_files
from covid_xray.dataset.metadata import patients_file, read_patients, read_sources
from covid_xray.dataset.patients import assign_patients


@dataclass(frozen=True)
class DataFolder:
    """A folder of X-rays.

    Attributes
    ----------
    root : Path
        Holds the class folders.
    patients : Path or None
        CSV of patient ids; None for patients.csv in `root`, if it exists.
    key : bytes or None
        Key for the pseudonyms of patients in tables and messages; None keeps ids unchanged.
    """

    root: Path
    patients: Path | None
    key: bytes | None = field(default=None, repr=False)


def inventory(spark: SparkSession, folder: DataFolder, classes: Sequence[str]) -> pd.DataFrame:
    """List the files of the class folders with their hashes, patients and sources.

    Returns
    -------
    pandas.DataFrame
        Columns of `list_files` and `assign_patients`: `path`, `label`, `file`, `image_id`, `reason`,
        `detail`, `patient_id`, `source`, `found_as`.
    """
    csv = patients_file(folder.root, folder.patients)
    patients, sources = read_patients(csv, folder.key), read_sources(csv)
    return assign_patients(list_files(spark, folder.root, classes), patients, sources, folder.key)
