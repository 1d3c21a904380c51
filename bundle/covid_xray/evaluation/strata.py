"""How well a classifier does in groups of images: by view, sex, age and source."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from covid_xray.dataset.attributes import VIEWS
from covid_xray.evaluation.metrics import Estimate, estimates
from covid_xray.evaluation.protocols import INTERNAL, LEAVE_ONE_SOURCE_OUT
from covid_xray.settings import Settings

# A smaller stratum's interval would be next to the whole range.
FEWEST_IMAGES = 10
# Lower end of each band in years, and what it is called.
_BANDS = {0: "0-17", 18: "18-39", 40: "40-59", 60: "60-74", 75: "75+"}
ATTRIBUTES = ("view", "sex", "age", "source")
# In which order strata of an attribute are shown; sources, which are not among them, by name.
ORDER = {name: place for place, name in enumerate((*VIEWS, "F", "M", *_BANDS.values()))}
# Of the first class, where a metric is of a class.
METRICS = ("accuracy", "recall", "auroc")


@dataclass(frozen=True)
class Stratum:
    """One metric in one group of images, such as those of the view `AP`."""

    attribute: str
    stratum: str
    estimate: Estimate


def strata(
    predictions: pd.DataFrame,
    images: pd.DataFrame,
    classes: Sequence[str],
    resamples: int,
    seed: int,
    fewest: int = FEWEST_IMAGES,
) -> Iterator[Stratum]:
    """Estimate accuracy, and recall and AUROC of the positive class, in each stratum.

    Parameters
    ----------
    predictions : pandas.DataFrame
        As `estimates` takes them: of one classifier on one task under one protocol.
    images : pandas.DataFrame
        Columns `image_id` and any of `view`, `sex`, `age` (in years) and `source`: missing where not known.
    classes : sequence of str
        The first is the positive one.
    resamples, seed : int
        Of the bootstrap over patients.
    fewest : int
        Images that a stratum has at least.

    Yields
    ------
    Stratum
        Of strata of `fewest` images or more, unless all images are in it. A metric that a stratum leaves
        undefined is left out, such as the recall of a class of which it has no image.
    """
    groups = _groups(images)
    for attribute in ATTRIBUTES:
        of_image = predictions["image_id"].map(groups[attribute])
        for name in sorted(set(of_image.dropna()), key=_place):
            part = predictions[of_image == name]
            if part["image_id"].nunique() < fewest or len(part) == len(predictions):
                continue
            for found in estimates(part, classes, resamples, seed):
                if found.metric in METRICS and found.class_ in (None, classes[0]):
                    yield Stratum(attribute, name, found)


def strata_rows(
    run_id: str,
    name: str,
    predictions: pd.DataFrame,
    images: pd.DataFrame,
    settings: Settings,
    others: str = "",
) -> list[dict[str, Any]]:
    """Return rows of the table `strata` of one network.

    Of sources that were left out one by one each has rows, however few images it has.

    Parameters
    ----------
    predictions, images : pandas.DataFrame
        Those of `strata`, the first with `task` and `protocol`.
    others : str
        The class that stands for all but the positive one in predictions of two classes; empty where the
        classes are those of the task.
    """
    key = {"run_id": run_id, "kind": "backbone", "backbone": name}
    rows = []
    for (task, protocol), part in predictions.groupby(["task", "protocol"]):
        known = settings.tasks[str(task)]
        classes = (known[0], others) if others else known
        fewest = 1 if protocol == LEAVE_ONE_SOURCE_OUT else FEWEST_IMAGES
        bootstrap = (settings.bootstrap_resamples, settings.seed)
        for found in strata(part, images, classes, *bootstrap, fewest):
            of_metric = found.estimate
            rows.append(
                key
                | {"task": task, "protocol": protocol, "attribute": found.attribute, "stratum": found.stratum}
                | {"metric": of_metric.metric, "class": of_metric.class_, "value": of_metric.value}
                | {"ci_low": of_metric.ci_low, "ci_high": of_metric.ci_high}
                | {"n": of_metric.n, "n_patients": of_metric.n_patients}
            )
    return rows


def known_under(protocols: Collection[str], images: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the protocols under which a run's images are grouped, with what is known of the images for that.

    These are the strictest that has results, and the one that holds out one source after another, by source.

    Parameters
    ----------
    protocols : collection of str
        Those that have results, at least one of `INTERNAL`.
    images : pandas.DataFrame
        As `strata` takes them.
    """
    yield next(protocol for protocol in INTERNAL if protocol in protocols), images
    if LEAVE_ONE_SOURCE_OUT in protocols:
        yield LEAVE_ONE_SOURCE_OUT, images[["image_id", "source"]]


def any_known(images: pd.DataFrame) -> bool:
    """Return whether there is anything to group images by."""
    return bool(_groups(images).notna().any(axis=None))


def age_band(years: float) -> str:
    """Return the band of an age."""
    return next(name for low, name in reversed(_BANDS.items()) if years >= low)


def _groups(images: pd.DataFrame) -> pd.DataFrame:
    """Return the stratum of each image by attribute, with `image_id` as the index."""
    known = images.drop_duplicates("image_id").set_index("image_id").reindex(columns=list(ATTRIBUTES))
    known["age"] = known["age"].map(age_band, na_action="ignore")
    return known


def _place(stratum: str) -> tuple[int, str]:
    return ORDER.get(stratum, len(ORDER)), stratum
