"""Fit the final classifiers on all images of a task."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from logistic.rows import Block, Numbers

from covid_xray.evaluation.cross_validation import Classifiers, in_order
from covid_xray.registry.classifier import Array, Classifier
from covid_xray.registry.distance import training_spread


def fit_all(classifiers: Classifiers, tasks: Sequence[str]) -> list[Classifier]:
    """Fit on all images of each task, with the method of cross-validation."""
    fits = classifiers.folds.whole(tasks)
    models = classifiers.models(fits)
    found = classifiers.rows.each(_squared_distances(np.stack([model.mean for model in models])))
    squared = in_order([(numbers, values) for numbers, values in found])
    labels = classifiers.folds.labels
    return [
        Classifier(model.coefficients, model.intercept, model.mean, training_spread(own, len(model.mean)))
        for fit, model, values in zip(fits, models, squared.T, strict=True)
        for own in [values[fit.training(labels)]]
    ]


def _squared_distances(means: Array) -> Callable[[Block], Sequence[Numbers]]:
    """Return the numbers of a block's rows, and the squared distance of each from each mean."""

    def of_block(block: Block) -> Sequence[Numbers]:
        squared = np.empty((len(block.features), len(means)))
        for place, mean in enumerate(means):
            squared[:, place] = ((block.features - mean) ** 2).sum(axis=1)
        return block.numbers, squared

    return of_block
