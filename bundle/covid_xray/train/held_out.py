"""Fit on a split's training rows and predict its held-out rows, in the row space of the features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from covid_xray.train.inner_products import InnerProducts
from covid_xray.train.rowspace import common_scale, fit_rows, probabilities


def predict_held_out(
    products: InnerProducts,
    splits: pd.DataFrame,
    classes: Sequence[str],
    reg_param: float,
) -> pd.DataFrame:
    """Predict every held-out image of one task with models that never saw it.

    Parameters
    ----------
    products : InnerProducts
        Of the features as they are, of all images of `splits`.
    splits : pandas.DataFrame
        Rows of the table `splits` of this task.
    classes : sequence of str
        The order of `probability`.
    reg_param : float
        Spark's regParam, for features divided by the training rows' common scale.

    Returns
    -------
    pandas.DataFrame
        Columns `protocol`, `repeat`, `fold`, `image_id`, `patient_id`, `label`, `prediction`, `probability`,
        sorted by protocol, repeat, fold and image.
    """
    row_of = {image_id: row for row, image_id in enumerate(products.ids)}
    inner = products.values
    parts: list[pd.DataFrame] = []
    for (protocol, repeat), drawn in splits.groupby(["protocol", "repeat"]):
        for fold in sorted(drawn["fold"].dropna().unique()):
            ordered = drawn.sort_values("image_id")
            held_out = ordered[ordered["fold"] == fold]
            training = ordered[ordered["fold"] != fold]
            codes = (
                training["label"].map({name: code for code, name in enumerate(classes)}).to_numpy(np.int64)
            )
            train_rows = training["image_id"].map(row_of).to_numpy(np.int64)
            test_rows = held_out["image_id"].map(row_of).to_numpy(np.int64)
            penalty = reg_param * common_scale(inner, train_rows, products.columns) ** 2
            fit = fit_rows(inner, train_rows, codes, len(classes), penalty)
            probability = probabilities(fit, inner, test_rows)
            best = probability.argmax(axis=1)
            parts.append(
                held_out[["image_id", "patient_id", "label"]].assign(
                    protocol=protocol,
                    repeat=repeat,
                    fold=int(fold),
                    prediction=[classes[code] for code in best],
                    probability=probability.tolist(),
                )
            )
    return pd.concat(parts, ignore_index=True)
