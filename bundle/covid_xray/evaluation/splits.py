"""The images that a run uses, and their division into training and held-out images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from radiograph import class_folders

from covid_xray.errors import DataError
from covid_xray.evaluation.protocols import (
    AS_PUBLISHED,
    LEAVE_ONE_SOURCE_OUT,
    PATIENT_GROUPED,
    WITHOUT_LEAKS,
)
from covid_xray.evaluation.source_folds import obstacle, source_folds
from covid_xray.progress import counted
from covid_xray.settings import Settings

HELD_OUT = 0

_KEY = ["image_id", "label", "patient_id", "source"]


def limit(images: pd.DataFrame, per_class: int | None) -> pd.DataFrame:
    """Keep at most `per_class` images of each label, the first by `image_id`, a hash and so arbitrary."""
    ordered = images.sort_values("image_id", ignore_index=True)
    return ordered if per_class is None else ordered.groupby("label", sort=False).head(per_class)


def split(images: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Draw the splits of all protocols for every task that has images of all its classes.

    Parameters
    ----------
    images : pandas.DataFrame
        Columns `image_id`, `label`, `patient_id`, `source`: all accepted images of the run.

    Returns
    -------
    pandas.DataFrame
        Columns `protocol`, `task`, `repeat`, `fold`, and those of `images`. With `as_published` `fold` is 0
        for held-out images and null for training images; with `patient_grouped` it is the fold in which the
        image is held out. Repeat r uses the seed plus r; splits are stratified by label. With
        `leave_one_source_out`, of one repeat where sources allow it, folds are those of `source_folds`.

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
        for part in _split_task(used[used["label"].isin(classes)], task, classes, settings)
    ]
    if not parts:
        raise DataError("no task has images of all its classes: add the class folders of one of them")
    return pd.concat(parts, ignore_index=True)


def check_all_classes_present(
    files: pd.DataFrame, accepted: pd.DataFrame, root: Path, task: str, classes: Sequence[str]
) -> None:
    """Check that a task has images of all its classes.

    Parameters
    ----------
    files, accepted : pandas.DataFrame
        Column `label`: all files of the run, and the accepted ones.

    Raises
    ------
    DataError
        If a class has no accepted image; the message names the first such class and the reason.
    """
    present = set(accepted["label"])
    missing = next((name for name in classes if name not in present), None)
    if missing is None:
        return
    refused = int((files["label"] == missing).sum())
    if refused:
        were = "the only file in {} was" if refused == 1 else f"all {refused} files in {{}} were"
        reason = f"{were.format(root / missing)} refused; the table quarantine has the reasons"
    elif (root / missing).is_dir():
        reason = f"{root / missing} is empty"
    else:
        reason = f"{root} has {', '.join(class_folders(root))}; it needs one folder per class"
    raise DataError(f"task {task} has no usable images of class {missing}: {reason}")


def check_sources_known(splits: pd.DataFrame, settings: Settings) -> None:
    """Check that images can be weighed by source and class, where the settings ask for it.

    Raises
    ------
    DataError
        If the source of an image is unknown.
    """
    if not settings.is_balanced:
        return
    images = splits.drop_duplicates("image_id")
    unknown = int(images["source"].isna().sum())
    if unknown:
        raise DataError(
            f"balance source_class needs the source of every image, but that of {unknown} of {len(images)} "
            "is unknown: give it in a column source of metadata.csv, or use --set balance=none"
        )


def check_no_leaks(splits: pd.DataFrame) -> None:
    """Check that no patient has both training and held-out images in a split that must keep them apart.

    Raises
    ------
    DataError
        If a patient has images in several folds; the message names one.
    """
    grouped = splits[splits["protocol"].isin(WITHOUT_LEAKS)]
    key = ["protocol", "task", "repeat", "patient_id"]
    # Images without a fold are always in training: count them as a fold of their own.
    folds = grouped.assign(fold=grouped["fold"].fillna(-1)).groupby(key)["fold"].transform("nunique")
    leaking = grouped[folds > 1]
    for protocol, task, repeat, patient in leaking[key].itertuples(index=False):
        raise DataError(f"{protocol}, task {task}, repeat {repeat}: patient {patient} is in several folds")


def _split_task(
    images: pd.DataFrame, task: str, classes: Sequence[str], settings: Settings
) -> Iterator[pd.DataFrame]:
    for repeat in range(settings.repeats):
        fold = _as_published(images, task, repeat, settings)
        yield images[_KEY].assign(protocol=AS_PUBLISHED, task=task, repeat=repeat, fold=fold)
    for repeat in range(settings.patient_grouped.repeats):
        fold = _patient_grouped(images, task, repeat, settings)
        yield images[_KEY].assign(protocol=PATIENT_GROUPED, task=task, repeat=repeat, fold=fold)
    if not obstacle(images, classes):
        fold = source_folds(images, classes)
        yield images[_KEY].assign(protocol=LEAVE_ONE_SOURCE_OUT, task=task, repeat=0, fold=fold)


def _as_published(images: pd.DataFrame, task: str, repeat: int, settings: Settings) -> pd.Series[int]:
    # Imported here: workers import this package too, and importing scikit-learn takes seconds.
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
            f"task {task}: class {label} has images of only {counted(count, 'patient')}, too few for "
            f"{folds} folds: add images, lower patient_grouped.folds or set patient_grouped.repeats to 0"
        )
    draw = StratifiedGroupKFold(folds, shuffle=True, random_state=settings.seed + repeat)
    fold = np.full(len(images), -1)
    for number, (_, held_out) in enumerate(draw.split(images, images["label"], images["patient_id"])):
        fold[held_out] = number
    folds_of_images = pd.Series(fold, index=images.index, dtype="Int64")
    for number in range(folds):
        if images.loc[folds_of_images != number, "label"].nunique() < len(patients):
            raise DataError(
                f"task {task}: with fold {number} of {folds} held out, a class has no training images, as it "
                "has too few patients: add images, change seed, or set patient_grouped.repeats to 0"
            )
    return folds_of_images


def _too_few(task: str, counts: pd.Series[int], fraction: float) -> str:
    label = str(counts.idxmin())
    return (
        f"task {task}: class {label} has only {counted(counts[label], 'usable image')}, too few to hold out "
        f"{fraction:.0%} of them: add images or change test_fraction"
    )
