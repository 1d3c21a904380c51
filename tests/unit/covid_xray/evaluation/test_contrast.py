"""A contrast tells the positive class from each other class of its source, whatever the model knows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.contrast import AUROC, FALSE_POSITIVES, SOURCES, contrasts, images_of_sources
from sklearn.metrics import roc_auc_score

CLASSES = ("Covid-19", "No_findings", "Pneumonia")


@pytest.fixture
def predictions() -> pd.DataFrame:
    """40 images of the positive class, 30 of a class that the model does not know, 10 of another."""
    random = np.random.default_rng(1)
    label = np.repeat(["Covid-19", "Other", "No_findings"], [40, 30, 10])
    probability = random.dirichlet([1, 1, 1], len(label))
    probability[:40, 0] += 0.5
    probability /= probability.sum(axis=1, keepdims=True)
    return pd.DataFrame(
        {
            "label": label,
            "prediction": np.array(CLASSES)[probability.argmax(axis=1)],
            "probability": probability.tolist(),
            "image_id": [f"{number:03}" for number in range(len(label))],
            "patient_id": [f"p{number // 2}" for number in range(len(label))],
            "repeat": 0,
            "fold": 0,
        }
    )


def found(predictions: pd.DataFrame) -> dict:
    return {(one.metric, one.class_): one for one in contrasts(predictions, CLASSES, 200, 1)}


def test_each_other_class_has_the_auroc_of_scikit_learn_and_its_false_positives(predictions):
    estimates = found(predictions)
    assert set(estimates) == {
        *((metric, other) for metric in (AUROC, FALSE_POSITIVES) for other in ("Other", "No_findings")),
        ("recall", "Covid-19"),
    }
    for other in ("Other", "No_findings"):
        pair = predictions[predictions["label"].isin(["Covid-19", other])]
        score = [values[0] for values in pair["probability"]]
        area = estimates[AUROC, other]
        assert area.value == pytest.approx(roc_auc_score(pair["label"] == "Covid-19", score), abs=1e-12)
        assert area.ci_low < area.value < area.ci_high
        assert (area.n, area.n_patients) == (len(pair), len(pair) // 2)
        own = predictions[predictions["label"] == other]
        called = estimates[FALSE_POSITIVES, other]
        assert called.value == pytest.approx((own["prediction"] == "Covid-19").mean())
        assert called.ci_low <= called.value <= called.ci_high
        assert (called.n, called.n_patients) == (len(own), len(own) // 2)


def test_the_recall_of_the_positive_class_is_that_of_all_its_images(predictions):
    own = predictions[predictions["label"] == "Covid-19"]
    assert found(predictions)["recall", "Covid-19"].value == (own["prediction"] == "Covid-19").mean()


@pytest.mark.parametrize(("sources", "said"), [(0, "images of one source"), (24, "images of 24 sources")])
def test_several_sources_are_counted_and_said(predictions, sources, said):
    found = {one.metric: one for one in contrasts(predictions, CLASSES, 200, 1, sources) if not one.class_}
    assert set(found) == ({SOURCES} if sources else set()) and images_of_sources(found) == said
