"""KerasImageFileTransformer: a Keras model of one's own on images that a function of one's own loads."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark import keyword_only
from pyspark.ml import Transformer
from pyspark.ml.linalg import VectorUDT
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from sparkdl.column import LISTS, applied
from sparkdl.errors import SparkdlError, one_line
from sparkdl.image.imageIO import imageArrayToStruct, to_arrow
from sparkdl.keras_model import Array, KerasModelSpec, as_input
from sparkdl.model_file import ModelFile, ModelFileError, Shape, check_model_file, shown_shape
from sparkdl.output import with_vectors
from sparkdl.params import HasColumns, HasImageLoader, HasModelFile, HasOutputMode, ImageLoader, check_set
from sparkdl.schema import check_is_new, imageSchema, quoted, uri_column

# Images per call of the model.
BATCH = 16


class KerasImageFileTransformer(Transformer, HasColumns, HasModelFile, HasImageLoader, HasOutputMode):
    """Apply a Keras model to images, each of which is loaded from its URI.

    Parameters
    ----------
    inputCol : str
        A column of URIs, as `imageLoader` takes them.
    outputCol : str
        A new column; null where the URI is null or the file cannot be loaded.
    modelFile : str
        A whole Keras model with one input and one output, as `model.save(...)` writes it: a .keras or .h5
        file that driver and workers see. A model with code of its own (a Lambda layer, say) is refused.
    imageLoader : callable
        From a URI to the input of the model: an array of its shape, or with a first axis of 1. It runs on the
        workers. A file for which it raises OSError or SyntaxError, as Pillow does for missing and damaged
        ones, has a null result; other errors end the job.
    outputMode : str
        `vector` (default): the flattened output; `image`: a row of Spark's image schema with values of
        float32, of an output of shape (height, width, channels). Its channels are in the order of the model.

    Notes
    -----
    It cannot be saved, since a function cannot be: build it again where it is used.
    """

    @keyword_only
    def __init__(
        self,
        *,
        inputCol: str | None = None,
        outputCol: str | None = None,
        modelFile: str | None = None,
        imageLoader: ImageLoader | None = None,
        outputMode: str = "vector",
    ) -> None:
        super().__init__()
        self._setDefault(outputMode="vector")
        self._set_given()

    @keyword_only
    def setParams(
        self,
        *,
        inputCol: str | None = None,
        outputCol: str | None = None,
        modelFile: str | None = None,
        imageLoader: ImageLoader | None = None,
        outputMode: str = "vector",
    ) -> KerasImageFileTransformer:
        """Set the named Params."""
        return self._set_given()

    def transformSchema(self, schema: StructType) -> StructType:
        """Return the columns after `transform`.

        Raises
        ------
        SparkdlError
            If a Param is not set, the input column is missing or holds no strings, the output column exists
            already, or images are asked of a model that is known to return none.
        """
        return self._with_output(schema, SparkSession.getActiveSession())

    def _with_output(self, schema: StructType, session: SparkSession | None) -> StructType:
        check_set(self, self.inputCol, self.outputCol, self.modelFile, self.imageLoader)
        uri_column(schema, self.getInputCol(), session)
        check_is_new(schema, self.getOutputCol(), session)
        check_output(check_model_file(self.getModelFile()), self.getOutputMode())
        kind = VectorUDT() if self.getOutputMode() == "vector" else imageSchema
        return StructType([*schema.fields, StructField(self.getOutputCol(), kind)])

    def _transform(self, dataset: DataFrame) -> DataFrame:
        session, name = dataset.sparkSession, self.getOutputCol()
        self._with_output(dataset.schema, session)
        uris = F.col(quoted(uri_column(dataset.schema, self.getInputCol(), session)))
        model = check_model_file(self.getModelFile())
        spec = KerasModelSpec(str(model.path))
        to_input = loaded_by(self.getImageLoader(), model.input_shape)
        if self.getOutputMode() == "vector":
            return with_vectors(dataset, name, applied(to_input, spec, BATCH, *LISTS)(uris))
        return dataset.withColumn(name, applied(to_input, spec, BATCH, imageSchema, _to_images)(uris))


def check_output(model: ModelFile, mode: str) -> None:
    """Check that a model can have an output of that mode; where its file does not tell, a worker will.

    Raises
    ------
    ModelFileError
        If images are asked of a model that returns none.
    """
    shape = model.output_shape
    if mode == "image" and shape is not None and (len(shape) != 3 or shape[2] not in (None, 1, 3, 4)):
        raise ModelFileError(
            f"outputMode is 'image', and the model {model.path} returns arrays of the shape "
            f"{shown_shape(shape)}: set outputMode to 'vector', or give a model that returns (height, width, "
            "channels) with 1, 3 or 4 channels"
        )


def loaded_by(loader: ImageLoader, shape: Shape | None) -> Callable[[str | None], Array | None]:
    """Return what loads one input of a model of that shape, None where there is none.

    What it returns raises SparkdlError, with the URI, for other errors of `loader` than OSError and
    SyntaxError, and for what is not an input of the model.
    """

    def load(uri: str | None) -> Array | None:
        if uri is None:
            return None
        try:
            array = loader(uri)
        except (OSError, SyntaxError):
            return None
        except Exception as error:
            raise SparkdlError(
                f"imageLoader raised {type(error).__name__} for {uri}: {one_line(error) or 'no message'}"
            ) from error
        return as_input(array, shape, lambda found: f"imageLoader returned {found} for {uri}")

    return load


def _to_images(values: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_]) -> pa.Array:
    arrays = iter(values)
    return to_arrow(None if one else imageArrayToStruct(next(arrays)) for one in missing)
