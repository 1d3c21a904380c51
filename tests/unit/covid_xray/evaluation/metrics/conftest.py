"""Held-out predictions, typed out or drawn."""

import numpy as np
import pandas as pd
import pytest

NAMES = ("C", "N", "P")


@pytest.fixture
def typed():
    """Rows of (label, prediction) of the classes C and N, an image and a patient each unless told."""

    def make(*pairs, repeat=0, fold=0, patients=None, sure=0.9):
        labels, predictions = zip(*pairs, strict=True)
        images = [f"i{place:04d}" for place in range(len(pairs))]
        probability = [[sure, 1 - sure] if said == "C" else [1 - sure, sure] for said in predictions]
        return pd.DataFrame(
            {"repeat": repeat, "fold": fold, "image_id": images, "patient_id": patients or images}
            | {"label": labels, "prediction": predictions, "probability": probability}
        )

    return make


@pytest.fixture
def drawn():
    """Random rows of k classes; probabilities come from few different ones, so that scores are tied."""

    def make(k=3, n=60, n_patients=25, folds=1, repeat=0, seed=0):
        random = np.random.default_rng(seed)
        pool = random.dirichlet(np.ones(k), 9)
        label = np.arange(n) % k
        choices = random.integers(len(pool), size=(n, 3))
        # Of three, the one that is surest of the label: better than chance, and far from perfect.
        best = pool[choices, label[:, None]].argmax(axis=1)
        probability = pool[choices[np.arange(n), best]]
        patient = random.permutation(np.arange(n) % n_patients)
        names = np.array(NAMES[:k])
        return pd.DataFrame(
            {"repeat": repeat, "fold": patient % folds, "image_id": [f"i{i:04d}" for i in range(n)]}
            | {"patient_id": [f"p{number:03d}" for number in patient], "label": names[label]}
            | {"prediction": names[probability.argmax(axis=1)], "probability": probability.tolist()}
        )

    return make
