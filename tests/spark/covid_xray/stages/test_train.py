"""Train on generated features with fewer images than columns, as in real data."""

import numpy as np
import pytest
from covid_xray.errors import DataError, StageError
from covid_xray.evaluation import solver
from covid_xray.features.key import feature_key
from covid_xray.stages.train import train
from covid_xray.storage import runs
from sklearn.linear_model import LogisticRegression

BACKBONE = "ResNet50"


@pytest.fixture
def featurized(tables, ingested, run_id, few_fits):
    """Write a featurized run; return its image ids and features."""

    def write(suffix="", without=0, width=50):
        ids = ingested(suffix)
        values = np.random.default_rng(len(ids)).gamma(2.0, 3.0, (len(ids), width)).astype(np.float32)
        key = feature_key(few_fits(), BACKBONE, run_id)
        rows = [key | {"image_id": i, "features": v.tobytes()} for i, v in zip(ids, values, strict=True)]
        tables.append("features", rows[without:])
        runs.update(
            tables, runs.state(tables, run_id + suffix), status=runs.RUNNING, weights_id=run_id, error=None
        )
        return ids, values

    return write


def test_predictions_equal_scikit_learns_with_the_settings_of_the_run_and_training_is_idempotent(
    featurized, tables, run_id, few_fits, begun_with, of_run, said
):
    ids, values = featurized()
    own = few_fits(reg_param=0.3)
    begun_with(settings=own.model_dump_json())
    train(tables, run_id, BACKBONE, said.append)
    assert {(row.task, row.status) for row in of_run("runs")} == {
        ("binary", "succeeded"),
        ("multiclass", "succeeded"),
    }
    predictions = of_run("predictions")
    check_all(predictions, of_run("splits"), ids, values, own.reg_param)
    overall = [row for row in of_run("metrics") if row.metric == "accuracy"]
    assert {row.task for row in overall} == {"binary", "multiclass"}
    assert all(row.ci_low <= row.value <= row.ci_high and row.n_patients == row.n for row in overall)

    train(tables, run_id, BACKBONE, said.append)
    assert said[-1].note == "nothing to do"
    assert sorted(of_run("predictions")) == sorted(predictions)


@pytest.mark.parametrize("memory", [0, solver._MEMORY], ids=["streamed", "in memory"])
def test_more_images_than_are_fitted_in_the_row_space_get_the_same_predictions(
    featurized, tables, run_id, few_fits, of_run, said, monkeypatch, memory
):
    monkeypatch.setattr(solver, "MOST_IMAGES", 20)
    monkeypatch.setattr(solver, "_MEMORY", memory)
    ids, values = featurized(width=12)
    train(tables, run_id, BACKBONE, said.append)
    assert str(said[0]) == "train ResNet50: fitting all at once, on 30 images with 12 features each"
    assert (said[1].done, said[1].total, said[1].unit) == (6, 6, "classifiers")
    check_all(of_run("predictions"), of_run("splits"), ids, values, few_fits().reg_param)
    assert tables.matching("gram", {"weights_id": run_id}).count() == 0


def check_all(predictions, splits, ids, values, reg_param):
    folds = {(p.task, p.protocol, p.repeat, p.fold) for p in predictions}
    assert {key[1] for key in folds} == {"as_published", "patient_grouped"} and len(folds) == 2 * (1 + 2)
    for key in folds:
        drawn = {s.image_id: s for s in splits if (s.task, s.protocol, s.repeat) == key[:3]}
        of_fold = [p for p in predictions if (p.task, p.protocol, p.repeat, p.fold) == key]
        check_against_scikit_learn(of_fold, drawn, key[3], ids, values, reg_param)


def check_against_scikit_learn(predictions, drawn, fold, ids, values, reg_param):
    used = np.array([image_id in drawn for image_id in ids])
    held_out = used & np.array([image_id in drawn and drawn[image_id].fold == fold for image_id in ids])
    training = used & ~held_out
    labels = np.array([drawn[image_id].label if image_id in drawn else "" for image_id in ids])
    scale = np.sqrt(values[training].var(axis=0, ddof=1).mean())
    model = LogisticRegression(C=1 / (reg_param * training.sum()), tol=1e-10, max_iter=10_000)
    model.fit(values[training] / scale, labels[training])
    expected = model.predict_proba(values[held_out] / scale)
    by_image = dict(zip(np.array(ids)[held_out], expected, strict=True))
    assert {p.image_id for p in predictions} == set(by_image)
    for p in predictions:
        assert p.classes == list(model.classes_) and p.label == drawn[p.image_id].label
        np.testing.assert_allclose(p.probability, by_image[p.image_id], atol=1e-5)
        assert p.prediction == p.classes[int(np.argmax(p.probability))]


def test_an_image_without_features_fails_the_run_with_an_error_that_names_it(
    featurized, tables, run_id, few_fits, of_run, said
):
    ids, _ = featurized(without=1)
    with pytest.raises(StageError, match=f"no features of 1 image, among them {ids[0]}"):
        train(tables, run_id, BACKBONE, said.append)
    assert {row.status for row in of_run("runs")} == {"failed"}
    assert of_run("predictions") == []


def test_the_gram_matrix_is_stored_for_a_later_run_of_fewer_images(
    featurized, tables, run_id, few_fits, of_run, said
):
    featurized()
    train(tables, run_id, BACKBONE, said.append)
    before = sorted(row.probability for row in of_run("predictions"))
    tables.spark.sql(f"DELETE FROM {tables.name('features')} WHERE weights_id = '{run_id}'")
    said.clear()
    binary = [row for row in runs.state(tables, run_id) if row["task"] == "binary"]
    runs.update(tables, binary, status=runs.RUNNING)
    train(tables, run_id, BACKBONE, said.append)
    assert said[0].note == "fitting in the row space of 20 images", "features are not read"
    assert sorted(row.probability for row in of_run("predictions")) == before


def test_a_patient_in_several_folds_fails_the_run(featurized, tables, run_id, few_fits, of_run, said):
    featurized()
    where = f"run_id = '{run_id}' AND protocol = 'patient_grouped'"
    tables.spark.sql(f"UPDATE {tables.name('splits')} SET patient_id = 'one' WHERE {where}")
    with pytest.raises(DataError, match="patient one is in several folds"):
        train(tables, run_id, BACKBONE, said.append)
    assert {row.status for row in of_run("runs")} == {"failed"} and of_run("predictions") == []
