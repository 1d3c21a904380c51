"""The files of a data folder with their patients: what a run is made of."""

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
    """Where the X-rays are, and whose.

    Attributes
    ----------
    root : Path
        Holds the class folders.
    patients : Path or None
        CSV of patients' ids; None for patients.csv in `root`, if it exists.
    key : bytes or None
        Of the hashes that stand in tables and messages for patients' ids; None leaves ids as they are.
    """

    root: Path
    patients: Path | None
    key: bytes | None = field(default=None, repr=False)


def inventory(spark: SparkSession, folder: DataFolder, classes: Sequence[str]) -> pd.DataFrame:
    """List the files of the class folders by content, with the patients whom they show.

    Returns
    -------
    pandas.DataFrame
        As `list_files` and `assign_patients` have it: `path`, `label`, `file`, `image_id`, `reason`,
        `detail`, `patient_id`, `source`, `found_as`.
    """
    csv = patients_file(folder.root, folder.patients)
    patients, sources = read_patients(csv, folder.key), read_sources(csv)
    return assign_patients(list_files(spark, folder.root, classes), patients, sources, folder.key)
