"""Who and what the images of each class show: patients by sex, images by age and view."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from covid_xray.dataset.attributes import ATTRIBUTES, VIEWS

_NOT_KNOWN = "not known"


@dataclass(frozen=True)
class Ages:
    """Quartiles of the ages of `n` images, in years."""

    n: int
    low: float
    median: float
    high: float


@dataclass(frozen=True)
class ClassPopulation:
    """The population of one class.

    Attributes
    ----------
    female, male, sex_not_known : int
        Patients; those whose images have both sexes are among the last.
    ages : Ages or None
        None where no age is known.
    views : tuple of (str, int)
        Images of each view, in the order of `VIEWS`, and at last of those whose view is not known.
    """

    label: str
    images: int
    patients: int
    female: int
    male: int
    sex_not_known: int
    ages: Ages | None
    views: tuple[tuple[str, int], ...]

    @property
    def age_text(self) -> str:
        """The ages in words: `61 (48 to 70), of 93`; they are of images."""
        if self.ages is None:
            return _NOT_KNOWN
        return f"{self.ages.median:.0f} ({self.ages.low:.0f} to {self.ages.high:.0f}), of {self.ages.n}"

    @property
    def views_text(self) -> str:
        """The views in words: `PA 60, AP 24`; they are of images."""
        return ", ".join(f"{view} {count}" for view, count in self.views)


def population(images: pd.DataFrame) -> tuple[ClassPopulation, ...]:
    """Describe the population of each class.

    Parameters
    ----------
    images : pandas.DataFrame
        Columns `label`, `patient_id` and any of `view`, `sex` and `age`: a row an image.

    Returns
    -------
    tuple of ClassPopulation
        Sorted by label; empty where neither view, sex nor age of any image is known.
    """
    told = images.reindex(columns=["label", "patient_id", *ATTRIBUTES])
    if told[list(ATTRIBUTES)].isna().all(axis=None):
        return ()
    return tuple(_of_class(str(label), part) for label, part in told.groupby("label"))


def _of_class(label: str, images: pd.DataFrame) -> ClassPopulation:
    known = images.dropna(subset="sex").groupby("patient_id")["sex"]
    sexes = known.first()[known.nunique() == 1]
    patients = images["patient_id"].nunique()
    female, male = (int((sexes == sex).sum()) for sex in ("F", "M"))
    ages = images["age"].dropna().astype(float)
    quartiles = Ages(len(ages), *(float(ages.quantile(q)) for q in (0.25, 0.5, 0.75))) if len(ages) else None
    counts = images["view"].fillna(_NOT_KNOWN).value_counts()
    views = tuple((view, int(counts[view])) for view in (*VIEWS, _NOT_KNOWN) if view in counts)
    return ClassPopulation(
        label, len(images), patients, female, male, patients - female - male, quartiles, views
    )
