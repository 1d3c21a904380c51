"""Explain on generated flat features, and on the averaged features of the smallest real run."""

import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.explanations import box_shares
from covid_xray.evaluation.folds import Folds
from covid_xray.evaluation.solver import classifiers
from covid_xray.features.key import feature_key
from covid_xray.stages.explain import explain
from covid_xray.stages.explain.occlude import occlude
from covid_xray.stages.featurize import featurize
from covid_xray.stages.train import train
from covid_xray.storage import runs
from deltalake import DeltaTable
from sklearn.metrics import roc_auc_score
from sparkdl.backbones import backbone
from sparkdl.weights import resolve

BACKBONE = "ResNet50"
# With the shortest flat features.
FLAT = "VGG16"
NET = backbone(FLAT)


@pytest.fixture
def flat(tables, ingested, run_id, few_fits):
    """Write a succeeded run with flat features of the network's real length; return its predictions."""
    ids = ingested(backbone=FLAT)
    length = NET.feature_length("none")
    values = np.random.default_rng(1).gamma(2.0, 3.0, (len(ids), length)).astype(np.float32)
    settings = few_fits(pooling="none")
    key = feature_key(settings, FLAT, run_id)
    rows = [key | {"image_id": i, "features": v.tobytes()} for i, v in zip(ids, values, strict=True)]
    tables.append("features", rows)
    runs.update(tables, runs.state(tables, run_id), status=runs.SUCCEEDED, weights_id=run_id)

    folds = Folds.of(tables.matching("splits", {"run_id": run_id}).toPandas(), settings.tasks)
    fitted = classifiers(tables, [key], folds, settings, lambda _: None)
    return folds.predictions(fitted.probabilities())


@pytest.fixture
def run_explain(tables, run_id, few_fits, begun_with, said):
    """Run `explain` without weights, which flat features do not need."""

    def run(pooling="none"):
        said.clear()
        begun_with(settings=few_fits(pooling=pooling).model_dump_json())
        explain(tables, run_id, FLAT, said.append)

    return run


def check_against_predictions(explanations, predictions):
    """Within a fold, map sums and centred logits differ only by the logits of the mean image."""
    both = explanations.merge(predictions, on=["task", "protocol", "repeat", "fold", "image_id"])
    assert len(both) == len(explanations)
    for _, fold in both.groupby(["task", "fold"]):
        sums = np.array([np.reshape(maps, (-1, NET.grid**2)).sum(axis=1) for maps in fold["maps"]])
        logs = np.log(np.array(fold["probability"].tolist()))
        logits = logs - logs.mean(axis=1, keepdims=True)
        np.testing.assert_allclose(sums - sums[0], logits - logits[0], atol=1e-4 * abs(logits).max())


def test_every_held_out_image_of_the_strictest_protocol_has_maps_that_sum_to_its_logits(
    flat, run_explain, of_run, said
):
    run_explain()
    found = of_run("explanations")
    assert {(row.protocol, row.repeat, row.grid) for row in found} == {("patient_grouped", 0, NET.grid)}
    for task, of_task in flat.groupby("task"):
        explained = [row.image_id for row in found if row.task == task]
        assert sorted(explained) == sorted(set(of_task["image_id"]))
    check_against_predictions(pd.DataFrame([row.asDict() for row in found]), flat)
    for row in found:
        maps = np.reshape(row.maps, (len(row.classes), NET.grid**2)).astype(np.float32)
        of_prediction = maps[[row.classes.index(row.prediction)]]
        assert row.box_share == pytest.approx(box_shares(of_prediction)[0], rel=1e-5)
    assert (said[-1].done, said[-1].total) == (50, 50)


def test_a_task_is_explained_after_it_succeeded_and_only_once_with_the_same_weights(
    flat, run_explain, tables, run_id, of_run, said
):
    multiclass = [row for row in runs.state(tables, run_id) if row["task"] == "multiclass"]
    runs.update(tables, multiclass, status=runs.FAILED, error="no")
    run_explain()
    binary = sorted(of_run("explanations"))
    assert {row.task for row in binary} == {"binary"}

    runs.update(tables, multiclass, status=runs.SUCCEEDED, error=None)
    run_explain()
    both = sorted(of_run("explanations"))
    assert [row for row in both if row.task == "binary"] == binary and len(both) == 50

    name = tables.name("explanations")
    tables.spark.sql(f"UPDATE {name} SET weights_id = 'other', grid = 1 WHERE run_id = '{run_id}'")
    run_explain()
    both = sorted(of_run("explanations"))
    assert {(row.weights_id, row.grid) for row in both} == {(run_id, NET.grid)} and len(both) == 50

    tables.spark.sql(f"DELETE FROM {tables.name('features')} WHERE weights_id = '{run_id}'")
    run_explain()
    assert [progress.note for progress in said] == ["nothing to do"]
    assert sorted(of_run("explanations")) == both


def test_max_pooling_is_not_explained_and_a_note_says_so(ingested, run_explain, begun_with, said):
    ingested(backbone=FLAT)
    begun_with(status=runs.SUCCEEDED)
    run_explain(pooling="max")
    assert [one.note for one in said] == ["no maps: max pooling has no additive maps"]


def test_averaged_features_are_explained_by_applying_the_network_again(ran):
    found, predictions, done = (
        DeltaTable(ran.output / "warehouse" / name).to_pandas()
        for name in ("explanations", "predictions", "runs")
    )
    run_id = done["run_id"].min()
    found = found[(found["run_id"] == run_id) & (found["backbone"] == BACKBONE)]
    own = predictions[(predictions["run_id"] == run_id) & (predictions["kind"] == "backbone")]
    assert len(found) == 24
    assert set(found["weights_id"]) == set(done["weights_id"].dropna())
    check_against_predictions(found, own)


@pytest.mark.thorough
@pytest.mark.parametrize("pooling", ["none", "avg"])
def test_projected_features_are_explained_by_applying_the_network_again(
    ingested, begun_with, tables, run_id, of_run, few_fits, store, said, pooling
):
    ingested()
    settings = few_fits(pooling=pooling, dimensionality=64)
    weights = {"weights_source": "random", "weights_store": str(store)}
    begun_with(settings=settings.model_dump_json(), **weights)
    for stage in (featurize, train, explain):
        stage(tables, run_id, BACKBONE, said.append)
    key = feature_key(settings, BACKBONE, of_run("runs")[0].weights_id)
    assert {len(row.features) for row in tables.matching("features", key).collect()} == {4 * 64}
    found, predictions = (
        pd.DataFrame([row.asDict() for row in of_run(table)]) for table in ("explanations", "predictions")
    )
    assert set(found["task"]) == {"binary", "multiclass"} and len(found) >= 24
    check_against_predictions(found, predictions)


def test_a_network_is_trained_anew_without_the_lungs_on_the_same_folds(
    ingested, begun_with, tables, run_id, of_run, few_fits, store, said
):
    ids = ingested()
    settings = few_fits(occlusion={BACKBONE: ["lungs_blanked"]})
    weights = resolve("random", BACKBONE, store, settings.seed)
    used = {"weights_file": str(weights.path), "weights_id": weights.sha256}
    begun_with(settings=settings.model_dump_json(), status=runs.SUCCEEDED, **used)
    occlude(tables, run_id, BACKBONE, said.append)

    splits = {(row.task, row.protocol, row.image_id): row.fold for row in of_run("splits")}
    held_out = {key: fold for key, fold in splits.items() if fold is not None}
    found = [row for row in of_run("predictions") if row.kind == "lungs_blanked"]
    assert {(row.task, row.protocol, row.image_id): row.fold for row in found} == held_out
    assert {row.backbone for row in found} == {BACKBONE}
    stored = tables.matching("features", {"weights_id": weights.sha256}).collect()
    assert sorted(
        row.image_id for row in stored if row.preprocessing.startswith("lungs_blanked.1 ")
    ) == sorted(ids)
    (accuracy,) = [
        row.value
        for row in of_run("metrics")
        if (row.kind, row.task, row.protocol, row.metric)
        == ("lungs_blanked", "binary", "patient_grouped", "accuracy")
    ]
    of_binary = [row for row in found if (row.task, row.protocol) == ("binary", "patient_grouped")]
    assert accuracy == sum(row.label == row.prediction for row in of_binary) / len(of_binary)
    occlude(tables, run_id, BACKBONE, said.append)
    assert said[-1].note == "lungs_blanked: nothing to do"


def test_features_are_probed_for_the_sources_of_a_class(flat, run_explain, tables, run_id, of_run):
    name = tables.name("splits")
    # Of the ten images of Covid-19, four are of one source.
    ids = sorted(flat.loc[flat["label"] == "Covid-19", "image_id"].unique())
    of_a = ", ".join(f"'{one}'" for one in ids[:4])
    tables.spark.sql(
        f"UPDATE {name} SET source = if(image_id IN ({of_a}), 'A', 'B') "
        f"WHERE run_id = '{run_id}' AND label = 'Covid-19'"
    )
    run_explain()
    found = {row.is_control: row for row in of_run("source_probes")}
    assert sorted(found[False].image_ids) == ids and found[False].is_source.count(True) == 4
    assert (found[True].source, found[True].n) == ("B", 6)
    for row in found.values():
        held_out = pd.DataFrame({name: row[name] for name in ("fold", "is_source", "probability")})
        areas = [roc_auc_score(one["is_source"], one["probability"]) for _, one in held_out.groupby("fold")]
        assert row.auroc == pytest.approx(sum(areas) / len(areas), abs=1e-12)
    run_explain()
    assert len(of_run("source_probes")) == 2
