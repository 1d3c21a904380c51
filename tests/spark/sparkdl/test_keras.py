"""Transformers of models of one's own give what plain Keras gives on the same arrays."""

import keras
import numpy as np
import pytest
from PIL import Image
from pyspark.errors import PySparkException
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.linalg import Vectors, VectorUDT
from pyspark.sql.types import StructType
from sparkdl import (
    KerasImageFileTransformer,
    KerasTransformer,
    SchemaError,
    SparkdlError,
    imageIO,
    imageSchema,
    registerKerasImageUDF,
)
from sparkdl.model_file import ModelFileError


def predicted(model, arrays):
    return model(np.asarray(arrays, np.float32), training=False).numpy()


@pytest.fixture(scope="module")
def dense(saved):
    """A model of vectors, and its file."""
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, activation="tanh")])
    return model, saved(model)


@pytest.fixture
def numbers(spark):
    rows = [(0, [1.0, 2.0, 3.0, 4.0, 5.0]), (1, None), (2, [0.5, -1.0, 0.0, 2.0, 1.0])]
    return spark.createDataFrame(rows, "id int, numbers array<double>")


def test_arrays_and_vectors_go_through_a_model(spark, numbers, dense, tmp_path):
    model, file = dense
    stage = KerasTransformer(inputCol="numbers", outputCol="out", modelFile=file)
    Pipeline(stages=[stage]).fit(numbers).write().save(str(tmp_path / "saved"))
    given = [row.numbers for row in numbers.collect()]
    vectors = [(place, one and Vectors.dense(one)) for place, one in enumerate(given)]
    of_vectors = StructType().add("id", "integer").add("numbers", VectorUDT())
    expected = predicted(model, [given[0], given[2]])
    for frame in (numbers, spark.createDataFrame(vectors, of_vectors)):
        out = PipelineModel.load(str(tmp_path / "saved")).transform(frame).orderBy("id").collect()
        assert out[1].out is None
        np.testing.assert_allclose([out[0].out, out[2].out], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("value", "said"), [([1.0], r"shape \(1,\), and the model takes .* \(5,\)"), ([None] * 5, "a null")]
)
def test_an_array_that_is_no_input_ends_the_job_with_what_is_wrong(spark, dense, value, said):
    frame = spark.createDataFrame([(value,)], "numbers array<float>")
    stage = KerasTransformer(inputCol="numbers", outputCol="out", modelFile=dense[1])
    with pytest.raises(PySparkException, match=rf"SparkdlError: column numbers holds an array .*{said}"):
        stage.transform(frame).collect()


def test_what_does_not_fit_is_refused_before_anything_runs(numbers, dense, picture_model, saved):
    stage = KerasTransformer(inputCol="numbers", outputCol="out", modelFile=dense[1])
    with pytest.raises(
        SchemaError, match="input column 'id' is int, expected an array of numbers or a vector"
    ):
        stage.copy({stage.inputCol: "id"}).transform(numbers)
    with pytest.raises(
        ModelFileError, match=r"takes arrays of the shape \(8, 8, 3\), and KerasTransformer gives it"
    ):
        stage.copy({stage.modelFile: saved(picture_model())}).transform(numbers)
    with pytest.raises(ModelFileError, match="there is no file nowhere"):
        KerasTransformer(modelFile="nowhere.keras")
    with pytest.raises(SparkdlError, match="KerasTransformer: modelFile is not set"):
        KerasTransformer(inputCol="numbers", outputCol="out").transform(numbers)


@pytest.fixture
def uris(spark, pictures, tmp_path):
    """The pictures, and three rows of which none can be loaded."""
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"no picture")
    rows = list(enumerate([*pictures[0], None, str(tmp_path / "missing.png"), str(damaged)]))
    return spark.createDataFrame(rows, "id int, uri string")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_files_go_through_a_model(uris, load, pictures, picture_model, saved, suffix):
    model = picture_model()
    stage = KerasImageFileTransformer(
        inputCol="uri", outputCol="out", modelFile=saved(model, suffix), imageLoader=load
    )
    out = [row.out for row in stage.transform(uris).orderBy("id").collect()]
    assert out[6:] == [None, None, None]
    np.testing.assert_allclose([one.toArray() for one in out[:6]], predicted(model, pictures[1]), rtol=1e-4)


def test_outputs_can_be_images(uris, load, pictures, saved):
    image = keras.Input((None, None, 3))
    file = saved(keras.Model(image, keras.layers.Rescaling(1 / 255)(image)))
    stage = KerasImageFileTransformer(
        inputCol="uri", outputCol="out", modelFile=file, imageLoader=load, outputMode="image"
    )
    out = [row.out for row in stage.transform(uris).orderBy("id").collect()]
    assert out[6:] == [None, None, None]
    images = [imageIO.imageStructToArray(one) for one in out[:6]]
    np.testing.assert_allclose(images, pictures[1] / 255, rtol=1e-5)


def test_what_a_loader_does_wrong_ends_the_job(uris, load, picture_model, saved):
    file = saved(picture_model())

    def transform(loader):
        stage = KerasImageFileTransformer(inputCol="uri", outputCol="out", modelFile=file, imageLoader=loader)
        return stage.transform(uris).collect()

    with pytest.raises(PySparkException, match=r"imageLoader returned .* shape \(8, 8\) for .*0\.png, and"):
        transform(lambda uri: load(uri)[:, :, 0])
    with pytest.raises(PySparkException, match=r"imageLoader raised ZeroDivisionError for .*\.png: "):
        transform(lambda uri: 1 / 0)
    with pytest.raises(PySparkException, match=r"imageLoader returned None for .*\.png, and the model takes"):
        transform(lambda uri: None)
    with pytest.raises(TypeError, match="imageLoader must be a function from a URI to an array, not 'load'"):
        transform("load")
    with pytest.raises(SparkdlError, match="KerasImageFileTransformer: imageLoader is not set"):
        transform(None)
    stage = KerasImageFileTransformer(inputCol="uri", outputCol="out", modelFile=file, imageLoader=load)
    with pytest.raises(ModelFileError, match=r"outputMode is 'image', and the model .* the shape \(4,\)"):
        stage.setOutputMode("image").transform(uris)


@pytest.fixture
def images(spark, pictures):
    rows = [imageIO.imageArrayToStruct(one[:, :, ::-1], "") for one in pictures[1]]
    undecodable = ("", -1, -1, -1, -1, bytearray())
    named = [*((place, tuple(row)) for place, row in enumerate(rows)), (6, undecodable), (7, None)]
    return spark.createDataFrame(named, f"id int, image {imageSchema.simpleString()}")


@pytest.mark.parametrize(("form", "preprocessed"), [("file", False), ("model", True)])
def test_a_model_is_a_function_of_sql(
    spark, images, load, pictures, picture_model, saved, form, preprocessed
):
    model = picture_model()
    given = saved(model) if form == "file" else model
    registerKerasImageUDF("classify_picture", given, load if preprocessed else None)
    images.createOrReplaceTempView("some_images")
    rows = spark.sql("SELECT classify_picture(image) AS out FROM some_images ORDER BY id").collect()
    assert [row.out for row in rows[6:]] == [None, None]
    np.testing.assert_allclose([row.out for row in rows[:6]], predicted(model, pictures[1]), rtol=1e-4)


def test_encoded_files_go_through_a_function_of_sql(spark, pictures, picture_model, saved):
    model = picture_model()
    registerKerasImageUDF("classify_picture", saved(model))
    files = spark.read.format("binaryFile").load(pictures[0][0])
    [(out,)] = files.selectExpr("classify_picture(content)").collect()
    np.testing.assert_allclose(out, predicted(model, pictures[1][:1])[0], rtol=1e-4)


def test_a_function_of_sql_says_what_it_takes(spark, images, picture_model, saved):
    of_column = registerKerasImageUDF("classify_picture", saved(picture_model()))
    images.createOrReplaceTempView("some_images")
    # Other types: tests/unit/sparkdl/test_argument.py.
    for given, said in (
        ("image.origin", "an image: .* was given string"),
        ("image, id", "one column, .* given 2"),
    ):
        with pytest.raises(PySparkException, match=f"SchemaError: classify_picture takes {said}"):
            spark.sql(f"SELECT classify_picture({given}) FROM some_images").collect()
    assert spark.sql("SELECT classify_picture(NULL)").collect() == [(None,)]
    for columns in ((), ("image", "id")):
        with pytest.raises(
            SparkdlError, match=f"takes one column, an image: .*, and was given {len(columns)}"
        ):
            of_column(*columns)
    assert (
        images.select(of_column("image").alias("out")).schema["out"].dataType.simpleString() == "array<float>"
    )


def test_a_function_is_registered_under_a_free_name(picture_model, dense, saved):
    with pytest.raises(
        SparkdlError, match="there is a function abs already: choose another name, or drop it"
    ):
        registerKerasImageUDF("abs", saved(picture_model()))
    with pytest.raises(
        ModelFileError, match=r"takes \(5,\) and not square RGB pictures .*give a preprocessor"
    ):
        registerKerasImageUDF("classify_numbers", dense[1])
    with pytest.raises(ModelFileError, match="3 is neither a Keras model nor the path of one"):
        registerKerasImageUDF("classify_numbers", 3)


def test_images_are_read_with_a_function_of_ones_own(spark, pictures, tmp_path):
    (tmp_path / "damaged.png").write_bytes(b"no picture")
    Image.fromarray(pictures[1][0]).save(tmp_path / "picture.png")
    found = imageIO.readImagesWithCustomFn(str(tmp_path), imageIO.PIL_decode, numPartition=2)
    assert found.schema["image"].dataType == imageSchema
    [row] = [row.image for row in found.collect() if row.image is not None]
    assert found.count() == 2 and row.origin.endswith("picture.png")
    assert np.array_equal(imageIO.imageStructToArray(row)[:, :, ::-1], pictures[1][0])
    resized = found.select(imageIO.createResizeImageUDF((4, 2))("image").alias("image")).where(
        "image.height = 4"
    )
    assert resized.select("image.width", "image.mode").collect() == [(2, 16)]


def test_what_is_not_an_image_ends_the_job_with_what_it_is(spark, images, pictures):
    resize = imageIO.createResizeImageUDF((4, 2))
    with pytest.raises(
        PySparkException,
        match=r"SchemaError: the function of createResizeImageUDF takes a column of .* binary",
    ):
        images.select(resize("image.data")).collect()
    # Spark could not decode the one, and there is no other.
    assert images.where("id > 5").select(resize("image")).collect() == [(None,), (None,)]
    found = imageIO.readImagesWithCustomFn(pictures[0][0], lambda file: "a text")
    with pytest.raises(
        PySparkException, match=r"what decode_f returned for .*0\.png is not an image: it is a str"
    ):
        found.collect()
