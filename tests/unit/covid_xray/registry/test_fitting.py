import numpy as np
import pandas as pd
from covid_xray.evaluation.cross_validation import AllAtOnce
from covid_xray.evaluation.folds import Folds
from covid_xray.registry.fitting import fit_all
from logistic.rows import Block, RowsInMemory
from sklearn.linear_model import LogisticRegression

TASKS = {"binary": ("Covid-19", "No_findings"), "other": ("Pneumonia", "Covid-19")}
REG_PARAM = 0.05


def test_the_final_classifier_equals_scikit_learns_on_all_images_of_the_task():
    features = np.random.default_rng(5).gamma(2.0, 3.0, (24, 60)).astype(np.float32)
    ids = [f"{n:02}" for n in range(24)]
    # The last eight images belong to another task only; the order of rows does not matter.
    labels = [("Covid-19", "No_findings")[n % 2] for n in range(16)] + ["Pneumonia"] * 8
    images = pd.DataFrame({"image_id": ids, "patient_id": ids, "label": labels, "fold": 0})
    parts = [
        images[images["label"].isin(classes)].assign(task=task, protocol="as_published", repeat=0)
        for task, classes in TASKS.items()
    ]
    folds = Folds.of(pd.concat(parts).sample(frac=1, random_state=1), TASKS)
    rows = RowsInMemory([Block(features, folds.labels, np.arange(24))])

    (classifier,) = fit_all(AllAtOnce(folds, REG_PARAM, rows, [60]), ["binary"])

    own = features[:16].astype(np.float64)
    scale = np.sqrt(own.var(axis=0, ddof=1).mean())
    expected = LogisticRegression(C=1 / (REG_PARAM * 16), tol=1e-10, max_iter=10_000)
    expected.fit(own / scale, labels[:16])
    np.testing.assert_allclose(classifier.coefficients, expected.coef_ / scale, atol=1e-5)
    np.testing.assert_allclose(classifier.intercepts, expected.intercept_, atol=1e-4)
    np.testing.assert_allclose(classifier.mean, own.mean(axis=0))
    distances = np.sqrt(((own - own.mean(axis=0)) ** 2).mean(axis=1)) / scale
    spread = classifier.spread
    np.testing.assert_allclose(
        [spread.scale, spread.low, spread.high], [scale, distances.min(), distances.max()], rtol=1e-6
    )
