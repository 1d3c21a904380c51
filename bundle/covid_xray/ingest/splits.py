"""Which images a run uses, and which of them each fold holds out."""

from __future__ import annotations

import pandas as pd

from covid_xray.errors import DataError
from covid_xray.settings import Settings

AS_PUBLISHED = "as_published"
HELD_OUT = 0


def limit(images: pd.DataFrame, per_class: int | None) -> pd.DataFrame:
    """Keep at most `per_class` images of each label: the first by `image_id`, which is as good as random."""
    ordered = images.sort_values("image_id", ignore_index=True)
    return ordered if per_class is None else ordered.groupby("label", sort=False).head(per_class)


def split(images: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Draw the published protocol's splits for every task whose classes are all there.

    Parameters
    ----------
    images : pandas.DataFrame
        Columns `image_id`, `label`, `patient_id`: all accepted images of the run.

    Returns
    -------
    pandas.DataFrame
        Columns `protocol`, `task`, `repeat`, `fold`, `image_id`, `label`, `patient_id`. `fold` is 0 for
        held-out images and null for those in training. Repeat r is drawn with the seed plus r, stratified.
    """
    used = limit(images, settings.limit_per_class)
    present = set(used["label"])
    parts = [
        _as_published(used[used["label"].isin(classes)], task, repeat, settings)
        for task, classes in settings.tasks.items()
        if present.issuperset(classes)
        for repeat in range(settings.repeats)
    ]
    if not parts:
        raise DataError("no task has images of all its classes")
    return pd.concat(parts, ignore_index=True)


def _as_published(images: pd.DataFrame, task: str, repeat: int, settings: Settings) -> pd.DataFrame:
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
    rows = images[["image_id", "label", "patient_id"]].copy()
    fold = pd.Series(held_out, index=images.index).map({True: HELD_OUT, False: None})
    return rows.assign(protocol=AS_PUBLISHED, task=task, repeat=repeat, fold=fold.astype("Int64"))


def _too_few(task: str, counts: pd.Series[int], fraction: float) -> str:
    label = str(counts.idxmin())
    return (
        f"task {task}: class {label} has only {counts[label]} usable images, too few to hold out "
        f"{fraction:.0%} of them; add images or change test_fraction"
    )
