"""DeepImageFeaturizer gives the features of plain Keras through the API of Deep Learning Pipelines 1.5."""

import io
import os
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.linalg import VectorUDT
from pyspark.sql import functions as F
from pyspark.sql.functions import arrow_udf
from sparkdl import DeepImageFeaturizer, SchemaError, SparkdlError, imageSchema
from sparkdl.backbones import backbone
from sparkdl.weights import resolve

from tests.networks import networks

TOLERANCES = {"MobileNetV2": 1e-4, "EfficientNetV2B0": 1e-3}


def noise(count, size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def as_row(pixels):
    """An image struct; Spark stores colour as BGR."""
    height, width, channels = pixels.shape
    return ("", height, width, channels, 16, bytearray(np.ascontiguousarray(pixels[:, :, ::-1]).tobytes()))


def as_png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return bytearray(file.getvalue())


@pytest.fixture
def images(spark):
    """A DataFrame with an id and an image struct per row."""

    def make(pixels):
        rows = [(number, as_row(one)) for number, one in enumerate(pixels)]
        return spark.createDataFrame(rows, f"id int, image {imageSchema.simpleString()}")

    return make


@pytest.fixture
def featurizer():
    def make(**params):
        given = {"inputCol": "image", "outputCol": "features", "modelName": "ResNet50", "weights": "random"}
        return DeepImageFeaturizer(**(given | params))

    return make


def collected(frame):
    rows = frame.orderBy("id").select("features").collect()
    return [None if row.features is None else row.features.toArray() for row in rows]


@pytest.mark.parametrize("name", networks())
def test_features_equal_plain_keras_on_the_same_arrays(images, featurizer, store, name):
    import keras

    net = backbone(name)
    pixels = noise(2, net.size)
    # In one partition: a second worker would build the network too.
    found = np.stack(collected(featurizer(modelName=name).transform(images(pixels).coalesce(1))))
    weights = resolve("random", name, store)
    assert resolve(str(weights.path), name, store).kind == "file"
    module = getattr(keras.applications, net.module)
    model = getattr(keras.applications, name)(include_top=False, weights=None, input_shape=pixels.shape[1:])
    model.load_weights(weights.path)
    # Called and not `predict`, which compiles first, for many batches.
    maps = model(module.preprocess_input(pixels.astype(np.float32)), training=False).numpy()
    averaged = net.pooling("published") == "avg"
    expected = maps.mean(axis=(1, 2)) if averaged else maps.reshape(2, -1)
    assert found.shape == (2, net.feature_length("published"))
    # The narrower the layers, the farther random weights carry rounding.
    assert np.abs(found - expected).max() / np.abs(expected).max() < TOLERANCES.get(name, 1e-5)


def test_null_and_undecodable_images_have_null_features_and_affect_no_other(spark, featurizer):
    good = as_png(noise(1, 40)[0])
    rows = [(0, good), (1, None), (2, bytearray(b"no picture")), (3, good), (4, good[:200])]
    frame = spark.createDataFrame(rows, "id int, image binary")
    found = collected(featurizer(batchSize=2).transform(frame))
    assert [one is None for one in found] == [False, True, True, False, True]
    np.testing.assert_allclose(found[0], found[3], rtol=1e-5)


def test_a_struct_of_an_image_that_spark_could_not_decode_has_null_features(spark, featurizer):
    rows = [(0, ("x", -1, -1, -1, -1, bytearray())), (1, as_row(noise(1, 8)[0]))]
    frame = spark.createDataFrame(rows, f"id int, image {imageSchema.simpleString()}")
    found = collected(featurizer().transform(frame))
    assert found[0] is None and found[1].shape == (2048,)


def test_encoded_files_and_structs_give_equal_features_in_batches_of_any_size(spark, images, featurizer):
    pixels = noise(5, 50)
    frame = spark.createDataFrame([(n, as_png(one)) for n, one in enumerate(pixels)], "id int, image binary")
    one = np.stack(collected(featurizer(batchSize=3).transform(frame.coalesce(1))))
    other = np.stack(collected(featurizer().transform(images(pixels))))
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5 * np.abs(one).max())


def test_other_columns_stay_and_features_are_computed_once(images, featurizer):
    found = featurizer().transform(images(noise(3, 8)).withColumn("text", F.lit("kept")))
    assert found.columns == ["id", "image", "text", "features"]
    assert isinstance(found.schema["features"].dataType, VectorUDT)
    kept = found.where(F.col("features").isNotNull())
    plan = kept._jdf.queryExecution().executedPlan().toString()
    assert plan.count("ArrowEvalPython") == 1
    assert kept.where("text = 'kept'").count() == 3


def test_a_pipeline_with_logistic_regression_fits_transforms_saves_and_loads(
    spark, images, featurizer, tmp_path
):
    pixels = noise(6, 16)
    pixels[3:] //= 4
    frame = images(pixels).withColumn("label", (F.col("id") >= 3).cast("double"))
    pipeline = Pipeline(
        stages=[featurizer(), LogisticRegression(maxIter=5, regParam=0.05, elasticNetParam=0.3)]
    )
    pipeline.save(str(tmp_path / "pipeline"))
    fitted = Pipeline.load(str(tmp_path / "pipeline")).fit(frame)
    fitted.save(str(tmp_path / "model"))
    loaded = PipelineModel.load(str(tmp_path / "model"))
    one, other = (model.transform(frame).orderBy("id").collect() for model in (fitted, loaded))
    assert [row.probability for row in one] == [row.probability for row in other]
    assert [row.prediction for row in other] == [row.label for row in other]


def test_a_worker_builds_a_network_once(images, featurizer):
    @arrow_udf("string")
    def cached(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        import sparkdl.network

        for batch in batches:
            entry = sparkdl.worker._cached
            network = f"{os.getpid()} {id(entry[2])}" if entry else None
            yield pa.array([network] * len(batch), pa.string())

    frame = images(noise(4, 8)).repartition(4)
    seen = set()
    for _ in range(2):
        found = collected(featurizer(pooling="max").transform(frame))
        assert {len(one) for one in found} == {2048}
        rows = frame.select(cached("id").alias("network")).collect()
        seen |= {row.network for row in rows if row.network}
    processes = [network.split()[0] for network in seen]
    assert processes and len(processes) == len(set(processes))


def test_params_have_the_names_getters_setters_and_defaults_of_1_5():
    one = DeepImageFeaturizer(inputCol="i", outputCol="o", modelName="VGG16")
    assert (one.getInputCol(), one.getOutputCol(), one.getModelName()) == ("i", "o", "VGG16")
    assert one.getScaleHint() == "SCALE_AREA_AVERAGING"
    assert (one.getWeights(), one.getPooling(), one.getSeed(), one.getBatchSize()) == (
        "imagenet",
        "published",
        0,
        16,
    )
    other = (
        DeepImageFeaturizer()
        .setInputCol("i")
        .setOutputCol("o")
        .setModelName("VGG19")
        .setScaleHint("SCALE_FAST")
    )
    other.setWeights("random").setPooling("max").setSeed(3).setBatchSize(4).setDimensionality(64)
    again = DeepImageFeaturizer().setParams(
        inputCol="i",
        outputCol="o",
        modelName="VGG19",
        scaleHint="SCALE_FAST",
        weights="random",
        pooling="max",
        seed=3,
        batchSize=4,
        dimensionality=64,
    )
    assert other.getDimensionality() == 64
    assert {p.name: v for p, v in other.extractParamMap().items()} == {
        p.name: v for p, v in again.extractParamMap().items()
    }


def test_a_saved_transformer_keeps_its_params(spark, featurizer, tmp_path):
    featurizer(seed=5, pooling="max").save(str(tmp_path / "one"))
    loaded = DeepImageFeaturizer.load(str(tmp_path / "one"))
    assert (loaded.getSeed(), loaded.getPooling(), loaded.getModelName()) == (5, "max", "ResNet50")
    assert loaded.getDimensionality() is None
    featurizer(dimensionality=64).save(str(tmp_path / "projected"))
    assert DeepImageFeaturizer.load(str(tmp_path / "projected")).getDimensionality() == 64


@pytest.mark.parametrize(
    "params", [{"modelName": "VGG11"}, {"scaleHint": "SCALE_BEST"}, {"pooling": "median"}]
)
def test_an_unknown_value_is_refused_with_the_allowed_ones(params):
    with pytest.raises(TypeError, match="is not one of"):
        DeepImageFeaturizer(**params)


@pytest.mark.parametrize(
    ("params", "error", "says"),
    [
        ({"inputCol": "picture"}, SchemaError, "input column 'picture' is missing"),
        ({"inputCol": "id"}, SchemaError, "'id' is int, expected an image struct or binary"),
        ({"outputCol": "id"}, SchemaError, "output column 'id' exists already"),
        ({"outputCol": "ID"}, SchemaError, "output column 'ID' exists already as 'id'"),
    ],
)
def test_unsuitable_columns_are_refused_by_transform_schema_and_by_transform(
    images, featurizer, params, error, says
):
    frame = images(noise(1, 8))
    stage = featurizer(**params)
    with pytest.raises(error, match=says):
        stage.transformSchema(frame.schema)
    with pytest.raises(error, match=says):
        stage.transform(frame)


def test_names_that_spark_must_quote_are_taken_for_what_they_are(images, featurizer):
    frame = images(noise(2, 8)).withColumnRenamed("image", "an image.of `x`").withColumn("an image", F.lit(1))
    found = featurizer(inputCol="An image.of `x`", outputCol="a.b `c`").transform(frame)
    assert found.columns == ["id", "an image.of `x`", "an image", "a.b `c`"]
    assert {row[3].size for row in found.collect()} == {2048}


def test_case_tells_columns_apart_only_where_the_session_says_so(spark, images, featurizer):
    frame, stage = images(noise(1, 8)), featurizer(inputCol="Image")
    assert stage.transform(frame).columns == ["id", "image", "features"]
    spark.conf.set("spark.sql.caseSensitive", "true")
    try:
        with pytest.raises(SchemaError, match="input column 'Image' is missing"):
            stage.transform(frame)
        assert featurizer(outputCol="ID").transform(frame).columns == ["id", "image", "ID"]
    finally:
        spark.conf.unset("spark.sql.caseSensitive")


def test_a_param_that_is_not_set_is_named(images):
    with pytest.raises(SparkdlError, match="modelName is not set"):
        DeepImageFeaturizer(inputCol="image", outputCol="f").transform(images(noise(1, 8)))


def test_transform_schema_returns_the_schema_of_transform(images, featurizer):
    frame = images(noise(1, 8))
    assert featurizer().transformSchema(frame.schema) == featurizer().transform(frame).schema
