"""Contrasts: how well a model tells its positive class from other images of the same source.

Where all images of a class come from one source, a classifier may know the source. Images of other classes
from that very source tell which: against them, only disease is left (DeGrave et al. 2021,
doi:10.1038/s42256-021-00338-7).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from covid_xray.evaluation.metrics import Estimate, estimates
from covid_xray.evaluation.wording import Estimated

# Stands for all classes but the positive one.
OTHERS = "others"
# Names in the table `metrics`, where the column `class` holds the class that the positive one is told from.
AUROC, FALSE_POSITIVES = "contrast_auroc", "false_positive_rate"
# Not of a class: how many sources the images are known to come from, if several.
SOURCES = "sources"


def contrasts(
    predictions: pd.DataFrame, classes: Sequence[str], resamples: int, seed: int, sources: int = 0
) -> Iterator[Estimate]:
    """Yield, for each other class, the AUROC of the positive class against it and its false positives.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Columns `label` (the positive class of the model, and others, of which it may know none),
        `patient_id`, `image_id`, `repeat`, `fold`, `prediction` and `probability` in the order of `classes`.
    classes : sequence of str
        Of the model; the first is the positive one.
    resamples, seed : int
        Of the bootstrap over patients.
    sources : int
        How many sources are told.

    Yields
    ------
    Estimate
        `AUROC`, whose n counts the images of both classes; `FALSE_POSITIVES`, the share of the other class's
        images that the model calls positive. At last the `recall` of the positive class, and `SOURCES`.
    """
    positive = classes[0]
    recall: list[Estimate] = []
    for other in sorted(set(predictions["label"]) - {positive}):
        pair = _as_two_classes(predictions[predictions["label"].isin([positive, other])], positive, other)
        found = {
            (found.metric, found.class_): found
            for found in estimates(pair, (positive, other), resamples, seed)
        }
        area, right = found["auroc", positive], found["recall", other]
        yield replace(area, metric=AUROC, class_=other, n=len(pair), n_patients=pair["patient_id"].nunique())
        yield replace(
            right,
            metric=FALSE_POSITIVES,
            value=1 - right.value,
            ci_low=None if right.ci_high is None else 1 - right.ci_high,
            ci_high=None if right.ci_low is None else 1 - right.ci_low,
        )
        recall = [found["recall", positive]]
    yield from recall
    if sources > 1:
        patients = predictions["patient_id"].nunique()
        yield Estimate(SOURCES, None, float(sources), None, None, len(predictions), patients)


def images_of_sources(overall: Mapping[str, Estimated]) -> str:
    """Return what images of a contrast are called, as far as their sources are told.

    Parameters
    ----------
    overall : mapping of str to Estimated
        What was measured over all classes, by metric.
    """
    return f"images of {overall[SOURCES].value:.0f} sources" if SOURCES in overall else "images of one source"


def against_all_others(predictions: pd.DataFrame, positive: str) -> pd.DataFrame:
    """Return predictions as those of a model that knows the positive class and `OTHERS`, labels too."""
    labels = predictions["label"].where(predictions["label"] == positive, OTHERS)
    return _as_two_classes(predictions.assign(label=labels), positive, OTHERS)


def _as_two_classes(predictions: pd.DataFrame, positive: str, other: str) -> pd.DataFrame:
    """Return the predictions as those of a model that knows the positive class and all else."""
    said = predictions["prediction"].where(predictions["prediction"] == positive, other)
    probability: Any = [[values[0], 1 - values[0]] for values in predictions["probability"]]
    return predictions.assign(prediction=said, probability=probability)
