import numpy as np
import pandas as pd
from covid_xray.features.gram import GramMatrix
from covid_xray.registry.classifier import fit_all
from logistic.feature_rows import FeatureRows
from sklearn.linear_model import LogisticRegression

CLASSES = ("Covid-19", "No_findings")
REG_PARAM = 0.05


def test_the_final_classifier_equals_scikit_learns_on_all_images_of_the_task():
    features = np.random.default_rng(5).gamma(2.0, 3.0, (24, 60)).astype(np.float32)
    ids = [f"{n:02}" for n in range(24)]
    # The last eight images belong to another task; the order of rows does not matter.
    images = pd.DataFrame({"image_id": ids[:16], "label": [CLASSES[n % 2] for n in range(16)]})
    wide = features.astype(np.float64)
    gram = GramMatrix(tuple(ids), 60, wide @ wide.T)

    classifier = fit_all(
        gram, FeatureRows.in_order(features), images.sample(frac=1, random_state=1), CLASSES, REG_PARAM
    )

    own = wide[:16]
    scale = np.sqrt(own.var(axis=0, ddof=1).mean())
    expected = LogisticRegression(C=1 / (REG_PARAM * 16), tol=1e-10, max_iter=10_000)
    expected.fit(own / scale, images["label"])
    np.testing.assert_allclose(classifier.coefficients, expected.coef_ / scale, atol=1e-6)
    np.testing.assert_allclose(classifier.intercepts, expected.intercept_, atol=1e-5)
    np.testing.assert_allclose(classifier.mean, own.mean(axis=0))
