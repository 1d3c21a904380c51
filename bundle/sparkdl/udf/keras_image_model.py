"""registerKerasImageUDF: a Keras model as a function of images in SQL, as in version 1.5."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any
from weakref import WeakKeyDictionary

import numpy.typing as npt
from pyspark.sql import SparkSession

from sparkdl.argument import checked
from sparkdl.column import LISTS, applied
from sparkdl.errors import SparkdlError
from sparkdl.image.imageIO import imageStructToPIL
from sparkdl.images import to_input
from sparkdl.keras_image import BATCH
from sparkdl.keras_model import Array, KerasModelSpec, as_input
from sparkdl.model_file import ModelFile, ModelFileError, Shape, check_model_file, shown_shape, store_model
from sparkdl.schema import current_session, holds_images

# From the path of an image file to the input of the model.
Preprocessor = Callable[[str], npt.NDArray[Any]]

_TAKES = "an image: Spark's image struct, or binary of an encoded file"

# What was registered here, by session; it may be registered again.
_registered: WeakKeyDictionary[SparkSession, set[str]] = WeakKeyDictionary()


def registerKerasImageUDF(
    udf_name: str, keras_model_or_file_path: Any, preprocessor: Preprocessor | None = None
) -> Callable[..., Any]:
    """Register a Keras model as a function of SQL: `SELECT udf_name(image) FROM images`.

    The function takes a column of Spark's image schema, or of encoded files (binary), and returns the
    flattened output of the model as an array of float; null where the image is null or cannot be decoded. For
    another type, or several columns, a query ends with one line that says so.

    Parameters
    ----------
    udf_name : str
        Letters, digits and `_`. No other function may have it, but for one that `registerKerasImageUDF` made:
        that one is replaced.
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
        If the name is taken or cannot be one, the model is none that can be used, the preprocessor is not a
        function, or the model takes no RGB image and there is no preprocessor.
    """
    _check_name(udf_name)
    if preprocessor is not None and not callable(preprocessor):
        raise SparkdlError(
            f"preprocessor must be a function from the path of a picture to an array, not {preprocessor!r}"
        )
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
    argument = partial(checked, function=udf_name, holds=holds_images, expected=_TAKES)
    function = applied(convert, KerasModelSpec(str(model.path)), BATCH, *LISTS, argument=argument)
    registered: Callable[..., Any] = spark.udf.register(udf_name, function)
    own.add(udf_name.lower())

    @wraps(registered)
    def of_column(*columns: Any) -> Any:
        if len(columns) != 1:
            raise SparkdlError(f"{udf_name} takes one column, {_TAKES}, and was given {len(columns)}")
        return registered(*columns)

    return of_column


def _check_name(name: Any) -> None:
    if isinstance(name, str) and re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
        return
    raise SparkdlError(
        f"udf_name {name!r} cannot be the name of a function: give letters, digits and _, with a letter first"
    )


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
        found = "inputs of any shape" if shape is None else shown_shape(shape)
        raise ModelFileError(
            f"{model.path.name} takes {found} and not square RGB pictures of one size: give a preprocessor"
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
    return as_input(array, shape, lambda found: f"the preprocessor returned {found}")
