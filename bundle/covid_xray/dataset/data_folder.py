"""The inventory of a data folder: its files with what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from pyspark.sql import SparkSession
from radiograph import class_folders

from covid_xray.dataset.given import Given, match
from covid_xray.dataset.inventory import list_files
from covid_xray.dataset.metadata import read_tables
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


@dataclass(frozen=True)
class Inventory:
    """The files of the class folders.

    Attributes
    ----------
    files : pandas.DataFrame
        Columns of `list_files` and `assign_patients`: `path`, `label`, `file`, `image_id`, `reason`,
        `detail`, `patient_id`, `source`, `view`, `sex`, `age`, `found_as`.
    given : Given
        What the files beside the folders say of them.
    """

    files: pd.DataFrame
    given: Given


def inventory(spark: SparkSession, folder: DataFolder, classes: Sequence[str]) -> Inventory:
    """List the files of the class folders with their hashes, patients, sources, views, sexes and ages.

    Raises
    ------
    DataError
        If the file of patients or metadata.csv does not serve (see `read_tables` and `match`).
    """
    tables = read_tables(folder.root, folder.patients)
    files = list_files(spark, folder.root, classes)
    labels = [*classes, *class_folders(folder.root)]
    given = match(tables, zip(files["label"], files["path"], strict=True), labels, folder.key)
    return Inventory(assign_patients(files, given, folder.key), given)
