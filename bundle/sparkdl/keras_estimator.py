"""KerasImageFileEstimator: train a Keras model of one's own, with many settings at once on the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from pyspark import keyword_only
from pyspark.ml import Estimator
from pyspark.ml.param import Param, Params
from pyspark.ml.param.shared import HasLabelCol
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, NumericType

from sparkdl import keras_arguments
from sparkdl.arrays import as_arrays, holds_arrays
from sparkdl.errors import SparkdlError
from sparkdl.keras_image import KerasImageFileTransformer, check_output
from sparkdl.keras_training import Training, train_each
from sparkdl.model_file import check_model_file, store_model
from sparkdl.params import HasColumns, HasImageLoader, HasModelFile, HasOutputMode, ImageLoader, check_set
from sparkdl.schema import input_column, quoted, uri_column

ParamMap = dict[Param[Any], Any]


class KerasImageFileEstimator(
    Estimator[KerasImageFileTransformer],
    HasColumns,
    HasLabelCol,
    HasModelFile,
    HasImageLoader,
    HasOutputMode,
):
    """Train a Keras model on images, each of which is loaded from its URI.

    A model is trained by one task of the cluster, and several, one for each map of Params, at the same time
    (`fitMultiple`, which `CrossValidator` calls too). A task loads all images that it trains on.

    Parameters
    ----------
    inputCol, outputCol, imageLoader, outputMode
        As of the `KerasImageFileTransformer` that is returned.
    labelCol : str
        A column of numbers, arrays of numbers or vectors, as the loss takes them.
    modelFile : str
        The model to begin with, as of `KerasImageFileTransformer`.
    kerasOptimizer, kerasLoss : str
        Names of Keras, e.g. adam, which is the default, and categorical_crossentropy.
    kerasFitParams : dict
        Arguments of Keras's `Model.fit`, e.g. {"epochs": 5, "batch_size": 64}; {"verbose": 0} by default.

    Notes
    -----
    Trained models are stored in Keras's folder (KERAS_HOME or ~/.keras), which the workers of a cluster must
    share, under names made from their content.
    """

    kerasOptimizer: Param[str] = Param(
        Params._dummy(), "kerasOptimizer", "name of a Keras optimizer", keras_arguments.optimizer
    )
    kerasLoss: Param[str] = Param(Params._dummy(), "kerasLoss", "name of a Keras loss", keras_arguments.loss)
    kerasFitParams: Param[dict[str, Any]] = Param(
        Params._dummy(), "kerasFitParams", "arguments of Keras's Model.fit", keras_arguments.fit_arguments
    )

    @keyword_only
    def __init__(
        self,
        *,
        inputCol: str | None = None,
        outputCol: str | None = None,
        outputMode: str = "vector",
        labelCol: str | None = None,
        modelFile: str | None = None,
        imageLoader: ImageLoader | None = None,
        kerasOptimizer: str = "adam",
        kerasLoss: str | None = None,
        kerasFitParams: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self._setDefault(outputMode="vector", kerasOptimizer="adam", kerasFitParams={"verbose": 0})
        self._set_given()

    @keyword_only
    def setParams(
        self,
        *,
        inputCol: str | None = None,
        outputCol: str | None = None,
        outputMode: str = "vector",
        labelCol: str | None = None,
        modelFile: str | None = None,
        imageLoader: ImageLoader | None = None,
        kerasOptimizer: str = "adam",
        kerasLoss: str | None = None,
        kerasFitParams: dict[str, Any] | None = None,
    ) -> KerasImageFileEstimator:
        """Set the named Params."""
        return self._set_given()

    def setLabelCol(self, value: str) -> KerasImageFileEstimator:
        """Set `labelCol`."""
        return self._set(labelCol=value)

    def setKerasOptimizer(self, value: str) -> KerasImageFileEstimator:
        """Set `kerasOptimizer`."""
        return self._set(kerasOptimizer=value)

    def getKerasOptimizer(self) -> str:
        """Return `kerasOptimizer`."""
        return self.getOrDefault(self.kerasOptimizer)

    def setKerasLoss(self, value: str) -> KerasImageFileEstimator:
        """Set `kerasLoss`."""
        return self._set(kerasLoss=value)

    def getKerasLoss(self) -> str:
        """Return `kerasLoss`."""
        return self.getOrDefault(self.kerasLoss)

    def setKerasFitParams(self, value: dict[str, Any]) -> KerasImageFileEstimator:
        """Set `kerasFitParams`."""
        return self._set(kerasFitParams=value)

    def getKerasFitParams(self) -> dict[str, Any]:
        """Return `kerasFitParams`."""
        return self.getOrDefault(self.kerasFitParams)

    def fitMultiple(
        self, dataset: DataFrame, paramMaps: Sequence[ParamMap]
    ) -> Iterator[tuple[int, KerasImageFileTransformer]]:
        """Train one model for each map of Params, in parallel.

        Parameters
        ----------
        dataset : DataFrame
            Rows whose image cannot be loaded, or whose label is null or an array with a null in it, are left
            out.
        paramMaps : sequence of mapping
            Values of `kerasOptimizer`, `kerasLoss`, `kerasFitParams`, `outputCol` and `outputMode`.

        Returns
        -------
        iterator of (int, KerasImageFileTransformer)
            The place of a map, and the model trained with it. Threads may share it.

        Raises
        ------
        SparkdlError
            If a Param is not set or cannot be varied, a column is missing or of another type, there is no row
            to train on, or images are asked of a model that is known to return none.
        """
        stages = [self.copy(params) for params in paramMaps]
        for params, stage in zip(paramMaps, stages, strict=True):
            self._check(params, stage)
        models = self._train(dataset, stages)
        return _Shared(iter([(place, stages[place]._model(file)) for place, file in sorted(models.items())]))

    def _fit(self, dataset: DataFrame) -> KerasImageFileTransformer:
        [(_, model)] = self.fitMultiple(dataset, [{}])
        return model

    def _check(self, params: ParamMap, stage: KerasImageFileEstimator) -> None:
        varied: list[Param[Any]] = [self.kerasOptimizer, self.kerasLoss, self.kerasFitParams]
        varied += [self.outputCol, self.outputMode]
        for param in params:
            if param not in varied:
                raise SparkdlError(
                    f"KerasImageFileEstimator: {param.name} cannot be varied, only "
                    f"{', '.join(one.name for one in varied)}"
                )
        check_set(
            stage,
            *(stage.inputCol, stage.outputCol, stage.labelCol, stage.modelFile, stage.imageLoader),
            stage.kerasLoss,
        )
        check_output(check_model_file(stage.getModelFile()), stage.getOutputMode())

    def _train(self, dataset: DataFrame, stages: Sequence[KerasImageFileEstimator]) -> dict[int, Path]:
        trainings = [stage._training() for stage in stages]
        trained = train_each(self._rows(dataset), self.getModelFile(), self.getImageLoader(), trainings)
        if len(trained) < len(stages):
            raise SparkdlError("KerasImageFileEstimator: there is no row with an image and a label")
        return {place: store_model(content) for place, content in trained.items()}

    def _rows(self, dataset: DataFrame) -> DataFrame:
        """Return `uri` and `label`, an array of float, of the rows that have both."""
        uri = uri_column(dataset.schema, self.getInputCol(), dataset.sparkSession)
        label = _label(dataset, self.getLabelCol())
        rows = dataset.select(F.col(quoted(uri)).alias("uri"), label.alias("label")).dropna()
        # An array is not null because of a null in it; one that is made of a null scalar has one, too.
        return rows.where(F.forall("label", lambda value: value.isNotNull()))

    def _training(self) -> Training:
        return Training(self.getKerasOptimizer(), self.getKerasLoss(), self.getKerasFitParams())

    def _model(self, file: Path) -> KerasImageFileTransformer:
        return KerasImageFileTransformer(
            inputCol=self.getInputCol(),
            outputCol=self.getOutputCol(),
            modelFile=str(file),
            imageLoader=self.getImageLoader(),
            outputMode=self.getOutputMode(),
        )


class _Shared:
    """An iterator that threads may share, as those of CrossValidator do."""

    def __init__(self, items: Iterator[tuple[int, KerasImageFileTransformer]]) -> None:
        self._items, self._lock = items, Lock()

    def __iter__(self) -> _Shared:
        return self

    def __next__(self) -> tuple[int, KerasImageFileTransformer]:
        with self._lock:
            return next(self._items)


def _label(dataset: DataFrame, name: str) -> Column:
    found = input_column(
        dataset.schema, name, dataset.sparkSession, _holds_labels, "a number, an array of numbers or a vector"
    )
    if holds_arrays(dataset.schema[found].dataType):
        return as_arrays(dataset.schema, found)
    return F.array(F.col(quoted(found)).cast("float"))


def _holds_labels(kind: DataType) -> bool:
    return isinstance(kind, NumericType) or holds_arrays(kind)
