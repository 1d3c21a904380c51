"""Held-out predictions, typed out or drawn."""

import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.metrics.metric import FromImages
from covid_xray.evaluation.metrics.records import point_estimates, weighted_estimates
from covid_xray.evaluation.metrics.repeat import repeats_of
from covid_xray.evaluation.metrics.weighted_view import PatientSums, WeightedView

NAMES = ("C", "N", "P")


@pytest.fixture
def typed():
    """Rows of (label, prediction) of the classes C and N, an image and a patient each unless told."""

    def make(*pairs, repeat=0, fold=0, patients=None, sure=0.9):
        labels, predictions = zip(*pairs, strict=True)
        images = [f"i{place:04d}" for place in range(len(pairs))]
        probability = [[sure, 1 - sure] if one == "C" else [1 - sure, sure] for one in predictions]
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


@pytest.fixture(params=[2, 3], ids=["two classes", "three classes"])
def repeat(request, drawn):
    """A repeat of three folds and many tied scores."""
    return repeats_of(drawn(k=request.param, folds=3, seed=4), NAMES[: request.param])[0]


@pytest.fixture
def weights(repeat):
    """How often each of 20 resamples drew each patient, some never."""
    return np.random.default_rng(2).integers(0, 4, (20, repeat.patient.max() + 1)).astype(float)


@pytest.fixture
def weighted():
    """Every metric of a repeat on resamples."""

    def estimate(repeat, weights):
        return weighted_estimates(WeightedView(PatientSums(repeat, weights.shape[1]), weights))

    return estimate


@pytest.fixture
def assert_scikit_learns(repeat, weights, weighted):
    """Compare metrics on each resample with what a function of the repeat and its images' weights gives."""

    def check(metrics, reference):
        computed = {metric.name for metric in metrics if isinstance(metric.compute, FromImages)}
        found = weighted(repeat, weights)
        for row, drawn in enumerate(weights):
            expected = reference(repeat, drawn[repeat.patient])
            # What is missing here goes into `scikit_learns` of the test that failed.
            missing = computed - {name for name, _ in expected}
            assert not missing, f"add to scikit_learns what scikit-learn has for {missing}"
            for key, value in expected.items():
                assert found[key][row] == pytest.approx(value, abs=1e-12), key

    return check


@pytest.fixture
def points_of():
    """Every metric of rows of one repeat."""

    def estimate(rows, classes=("C", "N")):
        return point_estimates(repeats_of(rows, classes)[0])

    return estimate
