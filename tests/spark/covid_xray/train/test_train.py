"""Train on ready-made features: fewer images than columns, as real features are."""

import numpy as np
import pytest
from covid_xray import runs
from covid_xray.errors import StageError
from covid_xray.train import train
from sklearn.linear_model import LogisticRegression

BACKBONE = "ResNet50"


@pytest.fixture
def featurized(tables, ingested, run_id):
    """A run that `featurize` has just left; returns its ids and values."""

    def write(suffix="", without=0):
        ids = ingested(suffix)
        values = np.random.default_rng(len(ids)).gamma(2.0, 3.0, (len(ids), 50)).astype(np.float32)
        key = {"backbone": BACKBONE, "weights_id": run_id, "pooling": "published", "preprocessing": "plain"}
        rows = [key | {"image_id": i, "features": v.tobytes()} for i, v in zip(ids, values, strict=True)]
        tables.append("features", tables.rows("features", rows[without:]))
        runs.update(
            tables, runs.state(tables, run_id + suffix), status=runs.RUNNING, weights_id=run_id, error=None
        )
        return ids, values

    return write


def test_predictions_are_scikit_learns_and_a_second_time_changes_nothing(
    featurized, tables, run_id, make_settings, of_run, said
):
    ids, values = featurized()
    train(tables, make_settings(**{"execution.chunk_images": 16}), run_id, BACKBONE, said.append)
    assert {(row.task, row.status) for row in of_run("runs")} == {
        ("binary", "succeeded"),
        ("multiclass", "succeeded"),
    }
    predictions = of_run("predictions")
    for task in ("binary", "multiclass"):
        splits = {row.image_id: row for row in of_run("splits") if row.task == task}
        check_against_scikit_learn(
            [row for row in predictions if row.task == task], splits, ids, values, make_settings().reg_param
        )
    overall = [row for row in of_run("metrics") if row.metric == "accuracy"]
    assert {row.task for row in overall} == {"binary", "multiclass"}
    assert all(row.ci_low <= row.value <= row.ci_high and row.n_patients == row.n for row in overall)

    train(tables, make_settings(), run_id, BACKBONE, said.append)
    assert said[-1].note == "nothing to do"
    assert sorted(of_run("predictions")) == sorted(predictions)


def check_against_scikit_learn(predictions, splits, ids, values, reg_param):
    used = np.array([image_id in splits for image_id in ids])
    training = np.array([used[n] and splits[image_id].fold is None for n, image_id in enumerate(ids)])
    labels = np.array([splits[image_id].label if image_id in splits else "" for image_id in ids])
    scale = np.sqrt(values[training].var(axis=0, ddof=1).mean())
    model = LogisticRegression(C=1 / (reg_param * training.sum()), tol=1e-10, max_iter=10_000)
    model.fit(values[training] / scale, labels[training])
    expected = model.predict_proba(values[used & ~training] / scale)
    by_image = dict(zip(np.array(ids)[used & ~training], expected, strict=True))
    assert {p.image_id for p in predictions} == set(by_image)
    for p in predictions:
        assert p.classes == list(model.classes_) and p.label == splits[p.image_id].label
        np.testing.assert_allclose(p.probability, by_image[p.image_id], atol=1e-5)
        assert p.prediction == p.classes[int(np.argmax(p.probability))]


def test_an_image_without_features_fails_the_run_and_is_named(
    featurized, tables, run_id, make_settings, of_run, said
):
    ids, _ = featurized(without=1)
    with pytest.raises(StageError, match=f"1 images have no features, among them {ids[0]}"):
        train(tables, make_settings(), run_id, BACKBONE, said.append)
    assert {row.status for row in of_run("runs")} == {"failed"}
    assert of_run("predictions") == []


def test_inner_products_are_kept_for_a_later_run_of_fewer_images(
    featurized, tables, run_id, make_settings, of_run, said
):
    featurized()
    train(tables, make_settings(), run_id, BACKBONE, said.append)
    before = sorted(row.probability for row in of_run("predictions"))
    tables.spark.sql(f"DELETE FROM {tables.name('features')} WHERE weights_id = '{run_id}'")
    said.clear()
    binary = [row for row in runs.state(tables, run_id) if row["task"] == "binary"]
    runs.update(tables, binary, status=runs.RUNNING)
    train(tables, make_settings(), run_id, BACKBONE, said.append)
    assert [progress.note for progress in said] == ["binary"], "no features were read, there are none"
    assert sorted(row.probability for row in of_run("predictions")) == before
