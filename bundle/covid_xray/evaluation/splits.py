"""Which images a run uses, and which of them each fold holds out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from radiograph import class_folders

from covid_xray.errors import DataError
from covid_xray.evaluation.protocols import AS_PUBLISHED, PATIENT_GROUPED
from covid_xray.settings import Settings

HELD_OUT = 0

_KEY = ["image_id", "label", "patient_id"]


def limit(images: pd.DataFrame, per_class: int | None) -> pd.DataFrame:
    """Keep at most `per_class` images of each label: the first by `image_id`, which is as good as random."""
    ordered = images.sort_values("image_id", ignore_index=True)
    return ordered if per_class is None else ordered.groupby("label", sort=False).head(per_class)


def split(images: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Draw the splits of both protocols for every task whose classes are all there.

    Parameters
    ----------
    images : pandas.DataFrame
        Columns `image_id`, `label`, `patient_id`: all accepted images of the run.

    Returns
    -------
    pandas.DataFrame
        Columns `protocol`, `task`, `repeat`, `fold`, `image_id`, `label`, `patient_id`. With `as_published`
        `fold` is 0 for held-out images and null for those in training; with `patient_grouped` it is the fold
        that holds the image out. Repeat r is drawn with the seed plus r, stratified by label.

    Raises
    ------
    DataError
        If a class is too small for the splits, or no task has images of all its classes.
    """
    used = limit(images, settings.limit_per_class)
    present = set(used["label"])
    parts = [
        part
        for task, classes in settings.tasks.items()
        if present.issuperset(classes)
        for part in _of_task(used[used["label"].isin(classes)], task, settings)
    ]
    if not parts:
        raise DataError("no task has images of all its classes: add the class folders of one of them")
    return pd.concat(parts, ignore_index=True)


def refuse_missing(
    files: pd.DataFrame, accepted: pd.DataFrame, root: Path, task: str, classes: Sequence[str]
) -> None:
    """Check that a task has images of all its classes.

    Parameters
    ----------
    files, accepted : pandas.DataFrame
        Column `label`: of all files of the run, and of those that are used.

    Raises
    ------
    DataError
        Naming the first class without, and what is in its place.
    """
    there = set(accepted["label"])
    missing = next((name for name in classes if name not in there), None)
    if missing is None:
        return
    refused = int((files["label"] == missing).sum())
    if refused:
        found = f"all {refused} files in {root / missing} were refused: the table quarantine says why"
    elif (root / missing).is_dir():
        found = f"{root / missing} is empty"
    else:
        found = f"{root} has {', '.join(class_folders(root))}; put one folder per class in it"
    raise DataError(f"task {task} has no usable images of class {missing}: {found}")


def refuse_leaks(splits: pd.DataFrame) -> None:
    """Check that no patient stands on both sides of a fold of `patient_grouped`.

    Raises
    ------
    DataError
        Naming a patient who does.
    """
    grouped = splits[splits["protocol"] == PATIENT_GROUPED]
    key = ["task", "repeat", "patient_id"]
    # Without a fold an image is always in training, which is a side too.
    sides = grouped.assign(fold=grouped["fold"].fillna(-1)).groupby(key)["fold"].transform("nunique")
    crossing = grouped[sides > 1]
    for task, repeat, patient in crossing[key].itertuples(index=False):
        raise DataError(f"task {task}, repeat {repeat}: patient {patient} is in several folds")


def _of_task(images: pd.DataFrame, task: str, settings: Settings) -> Iterator[pd.DataFrame]:
    for repeat in range(settings.repeats):
        fold = _as_published(images, task, repeat, settings)
        yield images[_KEY].assign(protocol=AS_PUBLISHED, task=task, repeat=repeat, fold=fold)
    for repeat in range(settings.patient_grouped.repeats):
        fold = _patient_grouped(images, task, repeat, settings)
        yield images[_KEY].assign(protocol=PATIENT_GROUPED, task=task, repeat=repeat, fold=fold)


def _as_published(images: pd.DataFrame, task: str, repeat: int, settings: Settings) -> pd.Series[int]:
    # Here, not above: workers import this package too, and scikit-learn takes seconds.
    from sklearn.model_selection import train_test_split

    counts = images["label"].value_counts()
    try:
        _, test = train_test_split(
            images.index,
            test_size=settings.test_fraction,
            stratify=images["label"],
            random_state=settings.seed + repeat,
        )
    except ValueError:
        raise DataError(_too_few(task, counts, settings.test_fraction)) from None
    held_out = images.index.isin(test)
    for part in (held_out, ~held_out):
        if images.loc[part, "label"].nunique() < len(counts):
            raise DataError(_too_few(task, counts, settings.test_fraction))
    return pd.Series(held_out, index=images.index).map({True: HELD_OUT, False: None}).astype("Int64")


def _patient_grouped(images: pd.DataFrame, task: str, repeat: int, settings: Settings) -> pd.Series[int]:
    from sklearn.model_selection import StratifiedGroupKFold

    folds = settings.patient_grouped.folds
    patients = images.groupby("label")["patient_id"].nunique()
    if patients.min() < folds:
        label, count = patients.idxmin(), patients.min()
        raise DataError(
            f"task {task}: class {label} has images of only {count} patients, too few for {folds} folds; "
            "add images, or set patient_grouped.folds lower or patient_grouped.repeats to 0"
        )
    draw = StratifiedGroupKFold(folds, shuffle=True, random_state=settings.seed + repeat)
    fold = np.full(len(images), -1)
    for number, (_, held_out) in enumerate(draw.split(images, images["label"], images["patient_id"])):
        fold[held_out] = number
    of_image = pd.Series(fold, index=images.index, dtype="Int64")
    for number in range(folds):
        if images.loc[of_image != number, "label"].nunique() < len(patients):
            raise DataError(
                f"task {task}: fold {number} of {folds} leaves a class without images in training, since it "
                "has so few patients; add images, change seed, or set patient_grouped.repeats to 0"
            )
    return of_image


def _too_few(task: str, counts: pd.Series[int], fraction: float) -> str:
    label = str(counts.idxmin())
    return (
        f"task {task}: class {label} has only {counts[label]} usable images, too few to hold out "
        f"{fraction:.0%} of them; add images or change test_fraction"
    )
