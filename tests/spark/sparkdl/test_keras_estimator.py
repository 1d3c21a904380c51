"""Models are trained on the cluster, as plain Keras trains them, several at a time."""

import numpy as np
import pytest
from pyspark.errors import PySparkException
from pyspark.ml.linalg import Vectors, VectorUDT
from pyspark.sql.types import StructType
from sparkdl import KerasImageFileEstimator, SparkdlError
from sparkdl.model_file import ModelFileError

FIT = {"epochs": 2, "batch_size": 6, "shuffle": False, "verbose": 0}
# One-hot, of four classes.
LABELS = np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 0, 1]]


@pytest.fixture(scope="module")
def rows(spark, pictures):
    labelled = [(uri, Vectors.dense(label)) for uri, label in zip(pictures[0], LABELS.tolist(), strict=True)]
    # Neither can be trained on.
    left_out = [("missing.png", Vectors.dense([1.0, 0, 0, 0])), (None, None)]
    return spark.createDataFrame(
        [*labelled, *left_out], StructType().add("uri", "string").add("label", VectorUDT())
    ).coalesce(1)


@pytest.fixture
def estimator(picture_model, saved, load):
    given = {"inputCol": "uri", "outputCol": "out", "labelCol": "label", "imageLoader": load}
    return KerasImageFileEstimator(
        **given,
        modelFile=saved(picture_model()),
        kerasOptimizer="sgd",
        kerasLoss="categorical_crossentropy",
        kerasFitParams=FIT,
    )


def trained(model, optimizer, pictures):
    model.compile(optimizer=optimizer, loss="categorical_crossentropy")
    model.fit(pictures[1].astype(np.float32), LABELS, **FIT)
    return model(pictures[1].astype(np.float32), training=False).numpy()


def outputs(transformer, rows):
    found = transformer.transform(rows.where("label is not null and uri <> 'missing.png'"))
    return np.array([row.out.toArray() for row in found.orderBy("uri").collect()])


def test_models_are_trained_with_each_map_of_params(estimator, rows, pictures, picture_model):
    maps = [{estimator.kerasOptimizer: name} for name in ("sgd", "adam")]
    found = dict(estimator.fitMultiple(rows, maps))
    assert sorted(found) == [0, 1]
    for place, optimizer in enumerate(("sgd", "adam")):
        expected = trained(picture_model(), optimizer, pictures)
        np.testing.assert_allclose(outputs(found[place], rows), expected, rtol=1e-3, atol=1e-5)
    assert not np.allclose(outputs(found[0], rows), outputs(found[1], rows), atol=1e-3)


def test_one_model_is_trained_by_fit(estimator, rows):
    model = estimator.fit(rows)
    assert (model.getInputCol(), model.getOutputCol(), model.getModelFile().endswith(".keras")) == (
        "uri",
        "out",
        True,
    )
    assert outputs(model, rows).shape == (6, 4)


def test_what_cannot_be_trained_is_refused(estimator, rows, spark):
    with pytest.raises(SparkdlError, match="imageLoader cannot be varied, only kerasOptimizer, kerasLoss"):
        estimator.fitMultiple(rows, [{estimator.imageLoader: print}])
    with pytest.raises(SparkdlError, match="KerasImageFileEstimator: kerasLoss is not set"):
        bare = estimator.copy()
        bare.clear(bare.kerasLoss)
        bare.fit(rows)
    with pytest.raises(SparkdlError, match="there is no row with an image and a label"):
        estimator.fit(rows.where("uri = 'missing.png'"))
    with pytest.raises(SparkdlError, match="there is no row with an image and a label"):
        estimator.fit(rows.selectExpr("uri", "CAST(null AS double) AS label"))
    with pytest.raises(ModelFileError, match="outputMode is 'image', and the model "):
        estimator.fitMultiple(rows, [{estimator.outputMode: "image"}])
    with pytest.raises(TypeError, match="'adamant' is not an optimizer of Keras"):
        estimator.fitMultiple(rows, [{estimator.kerasOptimizer: "adamant"}])
    with pytest.raises(PySparkException, match=r"SparkdlError: Keras cannot train .*with sgd, mse and "):
        estimator.copy({estimator.kerasLoss: "mse"}).fit(rows.selectExpr("uri", "array(0, 1, 2) AS label"))


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("int", [1, None, 0]),
        ("double", [0.5, None, None]),
        ("array<int>", [[1, 0], None, [1, None]]),
    ],
)
def test_rows_without_a_label_are_left_out(spark, kind, labels):
    frame = spark.createDataFrame([("a.png", one) for one in labels], f"uri string, label {kind}")
    rows = KerasImageFileEstimator(inputCol="uri", labelCol="label")._rows(frame).collect()
    kept = [np.atleast_1d(one).tolist() for one in labels if one is not None]
    assert [row.label for row in rows] == [one for one in kept if None not in one]
