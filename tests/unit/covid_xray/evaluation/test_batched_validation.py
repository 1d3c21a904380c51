import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.batched_validation import predict_all_held_out
from covid_xray.evaluation.cross_validation import predict_held_out
from covid_xray.evaluation.splits import split
from covid_xray.features.gram import GramMatrix
from logistic.feature_rows import FeatureRows

IMAGES, FEATURES = 240, 30


@pytest.fixture
def settings(make_settings):
    return make_settings(repeats=2, **{"patient_grouped.repeats": 1, "patient_grouped.folds": 3})


@pytest.fixture
def splits(settings):
    """Both protocols and tasks, of images that come in another order than their ids."""
    ids = [f"{number:03}" for number in np.random.default_rng(1).permutation(IMAGES)]
    labels = [("Covid-19", "No_findings", "Pneumonia")[number % 3] for number in range(IMAGES)]
    images = pd.DataFrame({"image_id": ids, "label": labels, "patient_id": ids})
    drawn = split(images, settings).sample(frac=1, random_state=2)
    # As Spark gives it back.
    return drawn.astype({"fold": float})


@pytest.fixture
def features(splits):
    """In chunks, as they are collected: neither in the order of the images nor of one length."""
    ids = sorted(set(splits["image_id"]))
    label_of = splits.drop_duplicates("image_id").set_index("image_id")["label"]
    random = np.random.default_rng(3)
    shift = label_of[ids].map({"Covid-19": 0.0, "No_findings": 0.7, "Pneumonia": 1.4}).to_numpy()
    matrix = (random.standard_normal((IMAGES, FEATURES)) + shift[:, None] + 2).astype(np.float32)
    order = random.permutation(IMAGES)
    return FeatureRows((matrix[order[:100]], matrix[order[100:]]), (order[:100], order[100:]))


def test_every_held_out_image_has_the_prediction_of_the_row_space(features, splits, settings):
    ids = sorted(set(splits["image_id"]))
    found = predict_all_held_out(features, ids, splits, settings.tasks, settings.reg_param)
    matrix = GramMatrix.of(ids, features)
    for task, classes in settings.tasks.items():
        expected = predict_held_out(matrix, splits[splits["task"] == task], classes, settings.reg_param)
        own = found[found["task"] == task].drop(columns="task").reset_index(drop=True)
        same = [name for name in expected if name != "probability"]
        pd.testing.assert_frame_equal(own[same], expected[same])
        np.testing.assert_allclose(
            np.vstack(own["probability"]), np.vstack(expected["probability"]), atol=1e-5, rtol=0
        )
    assert set(found["task"]) == set(settings.tasks)
