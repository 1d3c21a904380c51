"""WideLogisticRegression agrees with Spark's LogisticRegression, run to convergence."""

import numpy as np
import pytest
from logistic import LogisticError, WideLogisticRegression, WideLogisticRegressionModel, dataset
from pyspark.errors import PySparkException
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.linalg import Vectors
from pyspark.sql import functions as F

CONVERGED = {"tol": 1e-12, "maxIter": 2000}
# The forms of a column of features, with the schema where Spark cannot infer it.
FORMS = {
    "vectors": (Vectors.dense, None),
    "arrays": (lambda line: [float(value) for value in line], "label double, features array<float>"),
    "packed": (lambda line: line.astype("<f4").tobytes(), "label double, features binary"),
}


@pytest.fixture
def frame(spark):
    """Rows of float32 features, wide by default, one column constant."""

    def make(classes=2, rows=40, columns=120, form="vectors"):
        random = np.random.default_rng(3)
        matrix = random.standard_normal((rows, columns)).astype(np.float32) * 4 + 1
        matrix[:, 5] = 2.5
        codes = (matrix[:, :classes] + random.standard_normal((rows, classes)) * 3).argmax(axis=1)
        in_form, schema = FORMS[form]
        values = [(float(code), in_form(line)) for code, line in zip(codes, matrix, strict=True)]
        return spark.createDataFrame(values, schema).toDF("label", "features")

    return make


def probabilities(model, data):
    return np.array(
        [row.probability.toArray() for row in model.transform(data).select("probability").collect()]
    )


def scale_of(data):
    matrix = np.array([row.features.toArray() for row in data.collect()])
    return np.sqrt(matrix.var(axis=0, ddof=1).mean())


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("standardization", [True, False])
def test_it_finds_the_coefficients_that_spark_finds(frame, classes, standardization):
    data = frame(classes)
    ours = WideLogisticRegression(regParam=0.1, standardization=standardization, commonScale=False).fit(data)
    theirs = LogisticRegression(regParam=0.1, standardization=standardization, **CONVERGED).fit(data)
    np.testing.assert_allclose(probabilities(ours, data), probabilities(theirs, data), atol=1e-6)
    largest = np.abs(theirs.coefficientMatrix.toArray()).max()
    np.testing.assert_allclose(
        ours.coefficientMatrix.toArray(), theirs.coefficientMatrix.toArray(), atol=1e-5 * largest
    )
    np.testing.assert_allclose(ours.interceptVector.toArray(), theirs.interceptVector.toArray(), atol=1e-5)
    assert (ours.numClasses, ours.numFeatures) == (theirs.numClasses, theirs.numFeatures)


def test_the_common_scale_multiplies_sparks_penalty_by_its_square(frame):
    data = frame()
    ours = WideLogisticRegression(regParam=0.1).fit(data)
    penalty = 0.1 * scale_of(data) ** 2
    theirs = LogisticRegression(regParam=penalty, standardization=False, **CONVERGED).fit(data)
    np.testing.assert_allclose(probabilities(ours, data), probabilities(theirs, data), atol=1e-6)


@pytest.mark.parametrize(
    ("classes", "standardization", "memory"),
    [
        pytest.param(2, True, 0, id="two classes, on workers"),
        pytest.param(3, False, 0, id="three classes as they are, on workers"),
        pytest.param(2, False, 2**30, id="two classes as they are, in memory"),
        pytest.param(3, True, 2**30, id="three classes, in memory"),
        pytest.param(2, False, 0, id="two classes as they are, on workers", marks=pytest.mark.thorough),
        pytest.param(3, True, 0, id="three classes, on workers", marks=pytest.mark.thorough),
    ],
)
def test_narrow_data_have_the_coefficients_that_spark_finds(
    frame, classes, standardization, memory, monkeypatch
):
    monkeypatch.setattr(dataset, "_MEMORY", memory)
    data = frame(classes, rows=60, columns=12)
    ours = WideLogisticRegression(regParam=0.1, standardization=standardization, commonScale=False).fit(data)
    theirs = LogisticRegression(regParam=0.1, standardization=standardization, **CONVERGED).fit(data)
    np.testing.assert_allclose(probabilities(ours, data), probabilities(theirs, data), atol=1e-5)
    np.testing.assert_allclose(
        ours.coefficientMatrix.toArray(), theirs.coefficientMatrix.toArray(), atol=1e-5
    )


def test_compute_that_keeps_no_rows_fits_all_the_same(frame, monkeypatch):
    def refuse(*_):
        raise PySparkException("[NOT_SUPPORTED_WITH_SERVERLESS] PERSIST TABLE")

    data = frame(rows=60, columns=12)
    expected = WideLogisticRegression(regParam=0.1).fit(data)
    monkeypatch.setattr(dataset, "_MEMORY", 0)
    monkeypatch.setattr(type(data), "persist", refuse)
    found = WideLogisticRegression(regParam=0.1).fit(data)
    np.testing.assert_allclose(probabilities(found, data), probabilities(expected, data), atol=1e-5)


@pytest.mark.parametrize(
    ("columns", "standardization"),
    [
        pytest.param(120, True, id="wide"),
        pytest.param(12, False, id="narrow"),
        pytest.param(120, False, id="wide, as it is", marks=pytest.mark.thorough),
        pytest.param(12, True, id="narrow, standardised", marks=pytest.mark.thorough),
    ],
)
def test_many_folds_at_once_have_the_models_of_one_at_a_time(frame, columns, standardization):
    estimator = WideLogisticRegression(regParam=0.1, standardization=standardization)
    number = F.monotonically_increasing_id()
    data = frame(rows=60, columns=columns).coalesce(1)
    data = data.withColumn("thirds", number % 3).withColumn("some", F.when(number % 4 == 0, 0))
    found = estimator.fit_many(data, ["thirds", "some"])
    assert sorted(found) == [("some", 0), ("thirds", 0), ("thirds", 1), ("thirds", 2)]
    for column, fold in (("some", 0), ("thirds", 1)):
        model = found[column, fold]
        alone = estimator.fit(data.where(F.coalesce(F.col(column), F.lit(-1)) != fold))
        np.testing.assert_allclose(probabilities(model, data), probabilities(alone, data), atol=1e-5)


def test_many_folds_are_refused_with_params_that_are_sparks(frame):
    with pytest.raises(LogisticError, match="fit_many needs regParam above 0, and none of elasticNetParam"):
        WideLogisticRegression(regParam=0.1, elasticNetParam=0.5).fit_many(
            frame().withColumn("fold", F.lit(-1)), ["fold"]
        )


def test_without_a_fold_there_is_nothing_to_fit(frame):
    with pytest.raises(LogisticError, match="no row is in any fold of fold"):
        WideLogisticRegression(regParam=0.1).fit_many(frame().withColumn("fold", F.lit(-1)), ["fold"])


def test_a_fold_that_holds_out_a_whole_class_is_named(frame):
    for columns in (12, 120):
        with pytest.raises(LogisticError, match="fold 0 of column label holds out all rows of class 0"):
            WideLogisticRegression(regParam=0.1).fit_many(frame(rows=60, columns=columns), ["label"])


def test_narrow_data_and_an_l1_part_are_delegated_to_spark_with_the_same_scale(frame):
    data = frame(rows=60, columns=12)
    scale = scale_of(data)
    ours = WideLogisticRegression(regParam=0.02, elasticNetParam=0.5, **CONVERGED).fit(data)
    first, second = 0.02 * 0.5 * scale, 0.02 * 0.5 * scale**2
    theirs = LogisticRegression(
        regParam=first + second, elasticNetParam=first / (first + second), standardization=False, **CONVERGED
    ).fit(data)
    np.testing.assert_allclose(probabilities(ours, data), probabilities(theirs, data), atol=1e-6)


def test_predictions_raw_predictions_and_thresholds_are_those_of_spark(frame):
    data = frame(classes=3)
    options = {"regParam": 0.1, "standardization": True}
    ours = WideLogisticRegression(**options).fit(data)
    theirs = LogisticRegression(**options, **CONVERGED).fit(data)
    for model in (ours, theirs):
        model.setThresholds([0.2, 0.9, 0.4])
    one, other = (model.transform(data).collect() for model in (ours, theirs))
    assert [row.prediction for row in one] == [row.prediction for row in other]
    for row, expected in zip(one, other, strict=True):
        np.testing.assert_allclose(row.rawPrediction.toArray(), expected.rawPrediction.toArray(), atol=1e-4)


def test_a_saved_model_in_a_pipeline_predicts_as_before(frame, tmp_path):
    data = frame(classes=3)
    fitted = Pipeline(stages=[WideLogisticRegression(regParam=0.1)]).fit(data)
    fitted.write().save(str(tmp_path / "model"))
    loaded = PipelineModel.load(str(tmp_path / "model"))
    assert isinstance(loaded.stages[0], WideLogisticRegressionModel)
    np.testing.assert_array_equal(probabilities(loaded, data), probabilities(fitted, data))


def test_the_estimator_itself_can_be_saved(frame, tmp_path):
    WideLogisticRegression(regParam=0.25, commonScale=False).save(str(tmp_path / "estimator"))
    loaded = WideLogisticRegression.load(str(tmp_path / "estimator"))
    assert (loaded.getRegParam(), loaded.getCommonScale()) == (0.25, False)


@pytest.mark.parametrize("form", ["arrays", "packed"])
def test_arrays_and_packed_features_give_the_model_of_vectors(frame, form):
    one = WideLogisticRegression(regParam=0.1).fit(frame())
    other = WideLogisticRegression(regParam=0.1).fit(frame(form=form))
    np.testing.assert_allclose(one.coefficientMatrix.toArray(), other.coefficientMatrix.toArray(), rtol=1e-9)
    np.testing.assert_allclose(probabilities(one, frame()), probabilities(other, frame(form=form)), rtol=1e-9)


def test_packed_features_that_are_not_wide_give_the_model_of_vectors(frame):
    narrow = (frame(rows=60, columns=12, form=form) for form in ("vectors", "packed"))
    one, other = (WideLogisticRegression(regParam=0.1).fit(data) for data in narrow)
    np.testing.assert_allclose(one.coefficientMatrix.toArray(), other.coefficientMatrix.toArray(), rtol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_a_row_without_features_has_no_prediction_and_affects_no_other(frame, form):
    data = frame(classes=3, form=form)
    model = WideLogisticRegression(regParam=0.1).fit(data)
    gaps = data.withColumn("features", F.when(F.col("label") != 1, F.col("features")))
    expected, found = model.transform(data).collect(), model.transform(gaps).collect()
    for whole, row in zip(expected, found, strict=True):
        if row.label == 1:
            assert (row.rawPrediction, row.probability, row.prediction) == (None, None, None)
            continue
        assert row.prediction == whole.prediction
        np.testing.assert_allclose(row.probability.toArray(), whole.probability.toArray())
        np.testing.assert_allclose(row.rawPrediction.toArray(), whole.rawPrediction.toArray())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"regParam": 0.0}, "regParam must be greater than 0"),
        ({"labelCol": "shifted"}, "whole numbers from 0"),
        ({"labelCol": "same"}, "column same has one class: logistic regression needs two"),
        ({"labelCol": "gap"}, "lacks a class: number the labels from 0 to 2 without gaps"),
        ({"labelCol": "unsure"}, r"column unsure is null in \d+ of 40 rows"),
        ({"featuresCol": "partly"}, r"column partly is null in \d+ of 40 rows"),
        ({"featuresCol": "cut"}, r"must have one length, found \[400, 480\]"),
    ],
)
def test_data_that_cannot_be_fitted_is_refused(frame, change, says):
    data = frame(form="packed").selectExpr(
        "*",
        "label - 1 AS shifted",
        "label * 0 AS same",
        "label * 2 AS gap",
        "nullif(label, 1) AS unsure",
        "if(label = 1, features, null) AS partly",
        "if(label = 1, features, substring(features, 1, 400)) AS cut",
    )
    with pytest.raises(LogisticError, match=says):
        WideLogisticRegression(**({"regParam": 0.1} | change)).fit(data)
