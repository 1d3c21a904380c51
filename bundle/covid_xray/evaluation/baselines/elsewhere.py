"""Baselines on images from elsewhere: fitted on all training images, applied to the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from covid_xray.evaluation.baselines.fit import better, group_weights, one_thread, probabilities
from covid_xray.evaluation.baselines.records import BASELINES, Baseline
from covid_xray.evaluation.baselines.values import all_values
from covid_xray.evaluation.folds import with_predictions
from covid_xray.settings import Settings


def possible_elsewhere(training: pd.DataFrame, external: pd.DataFrame) -> list[Baseline]:
    """Return the baselines that both sets of images allow.

    A baseline is left out if it needs a value that no training image has, such as a source, or facts of which
    one of the sets has none, such as ages.

    Parameters
    ----------
    training, external : pandas.DataFrame
        Rows of the table `images`, or with some of its columns.
    """
    sets = [images.set_index("image_id") for images in (training, external.reindex(columns=training.columns))]
    return [baseline for baseline in BASELINES if _is_possible(baseline, *sets)]


def predict_elsewhere(
    training: pd.DataFrame,
    external: pd.DataFrame,
    pictures: pd.DataFrame,
    rows: pd.DataFrame,
    classes: Sequence[str],
    settings: Settings,
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each baseline that both sets of images allow, with its predictions for the external ones.

    As on the folds of a run, it is the better of two methods, chosen on the very images that it is measured
    on, which favours the baseline. A colour mode or a format that training never had tells it nothing.

    Parameters
    ----------
    training, external : pandas.DataFrame
        Rows of the table `images`, with their sources; columns that `external` lacks are unknown. No image is
        in both, and there is a training image of every class.
    pictures : pandas.DataFrame
        All these images, as `read_pictures` returns them.
    rows : pandas.DataFrame
        Columns `image_id`, `patient_id`, `label`, `task`, `protocol`, `repeat`, `fold`: a row an external
        image.
    classes : sequence of str
        The order of `probability`.
    settings : Settings
        Those of the training run.

    Yields
    ------
    str, pandas.DataFrame
        Its name; `rows` with `prediction` and `probability`.
    """
    codes = pd.Categorical(training["label"], categories=list(classes)).codes.astype(np.int64)
    weights = group_weights(training) if settings.is_balanced else None
    possible = {baseline.name for baseline in possible_elsewhere(training, external)}
    with one_thread():
        for baseline, values in all_values(_together(training, external), pictures):
            if baseline.name not in possible:
                continue
            fitted_on, shown = (values.loc[part["image_id"]].to_numpy() for part in (training, rows))
            found = {
                method: with_predictions(rows, classes, probability)
                for method, probability in probabilities(
                    fitted_on, baseline.are_pixels, codes, shown, settings, weights
                )
            }
            yield baseline.name, better(found)[0]


def _is_possible(baseline: Baseline, training: pd.DataFrame, external: pd.DataFrame) -> bool:
    if column := baseline.same_values:
        return set(external[column].dropna()) <= set(training[column].dropna())
    facts = baseline.of_facts
    return facts is None or all(facts(images) is not None for images in (training, external))


def _together(training: pd.DataFrame, external: pd.DataFrame) -> pd.DataFrame:
    # As objects, so that a column of which nothing is known in one of them keeps the other's values.
    same = external.reindex(columns=training.columns)
    return pd.concat([training.astype(object), same.astype(object)], ignore_index=True)
