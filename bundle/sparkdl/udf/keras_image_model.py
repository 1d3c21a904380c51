"""registerKerasImageUDF: a Keras model as a function of images in SQL, as in version 1.5."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from pyspark.sql import SparkSession

from sparkdl.column import LISTS, applied
from sparkdl.errors import SparkdlError
from sparkdl.image.imageIO import imageStructToPIL
from sparkdl.images import to_input
from sparkdl.keras_image import BATCH
from sparkdl.keras_model import Array, KerasModelSpec, as_input
from sparkdl.model_file import ModelFile, ModelFileError, Shape, check_model_file, store_model
from sparkdl.schema import current_session

# From the path of an image file to the input of the model.
Preprocessor = Callable[[str], npt.NDArray[Any]]

# What was registered here, by session; it may be registered again.
_registered: WeakKeyDictionary[SparkSession, set[str]] = WeakKeyDictionary()


def registerKerasImageUDF(
    udf_name: str, keras_model_or_file_path: Any, preprocessor: Preprocessor | None = None
) -> Callable[..., Any]:
    """Register a Keras model as a function of SQL: `SELECT udf_name(image) FROM images`.

    The function takes a column of Spark's image schema, or of encoded files (binary), and returns the
    flattened output of the model as an array of float; null where the image is null or cannot be decoded.

    Parameters
    ----------
    udf_name : str
        A name that no function has; one registered before by this function is replaced.
    keras_model_or_file_path : keras.Model or str
        A model with one input and one output, which is stored in Keras's folder (KERAS_HOME or ~/.keras),
        where the workers must find it; or the path of a file, as `KerasImageFileTransformer.modelFile`.
    preprocessor : callable, optional
        From the path of a picture, which is written as PNG for each image, to the input of the model. Without
        one the image is resized to the input of the model (averaging over areas) and given as RGB, 0 to 255.

    Returns
    -------
    callable
        The same function for columns.

    Raises
    ------
    SparkdlError
        If the name is taken, the model is none that can be used, or it takes no RGB image and there is no
        preprocessor.
    """
    spark = current_session()
    own = _registered.setdefault(spark, set())
    if udf_name.lower() not in own and spark.catalog.functionExists(udf_name):
        raise SparkdlError(f"there is a function {udf_name} already: choose another name, or drop it")
    model = _model_file(keras_model_or_file_path)
    if preprocessor is None:
        convert: Callable[[Any], Any] = partial(
            to_input, size=_size(model), scale_hint="SCALE_AREA_AVERAGING"
        )
    else:
        convert = partial(_preprocessed, preprocessor=preprocessor, shape=model.input_shape)
    function = applied(convert, KerasModelSpec(str(model.path)), BATCH, *LISTS)
    registered: Callable[..., Any] = spark.udf.register(udf_name, function)
    own.add(udf_name.lower())
    return registered


def _model_file(given: Any) -> ModelFile:
    """Return the file of a model, stored by its content if it is in memory."""
    if isinstance(given, str | Path):
        return check_model_file(str(given))
    if not hasattr(given, "save"):
        raise ModelFileError(f"{given!r} is neither a Keras model nor the path of one")
    with TemporaryDirectory() as folder:
        saved = Path(folder) / "model.keras"
        given.save(saved)
        check_model_file(str(saved))
        return check_model_file(str(store_model(saved.read_bytes())))


def _size(model: ModelFile) -> int:
    shape = model.input_shape
    if shape is None or len(shape) != 3 or shape[0] is None or shape[0] != shape[1] or shape[2] != 3:
        raise ModelFileError(
            f"{model.path.name} takes {shape} and not square RGB pictures of one size: give a preprocessor"
        )
    return shape[0]


def _preprocessed(value: Any, preprocessor: Preprocessor, shape: Shape | None) -> Array | None:
    """Write an image to a file, as programs for single images expect it, and preprocess it."""
    if value is None or (not isinstance(value, bytes) and value["height"] < 1):
        return None
    with NamedTemporaryFile(suffix=".png") as file:
        if isinstance(value, bytes):
            file.write(value)
            file.flush()
        else:
            imageStructToPIL(value).save(file.name, "PNG")
        try:
            array = preprocessor(file.name)
        except (OSError, SyntaxError):
            return None
    return as_input(np.asarray(array), shape, "what the preprocessor returns")
