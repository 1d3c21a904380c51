"""A model as a function of SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]
from pyspark.sql.pandas.types import to_arrow_type
from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DoubleType,
    StringType,
    StructField,
    StructType,
)

from covid_xray.registry.in_process import predict
from covid_xray.registry.saved import SavedModel

CLASSIFY = "classify"

_PREDICTION = StructType(
    [
        StructField("prediction", StringType()),
        StructField("probability", ArrayType(DoubleType())),
        StructField("distance", DoubleType()),
        StructField("out_of_distribution", BooleanType()),
    ]
)


def register_classify(spark: SparkSession, model: SavedModel) -> None:
    """Register `classify(content)`: encoded files to structs, null where a file is refused as no X-ray."""
    # Workers need no list of the training images, which may be long.
    about = model.about.model_copy(update={"image_ids": (), "pixel_ids": ()})
    applied = replace(model, about=about)

    @arrow_udf(_PREDICTION)  # type: ignore[untyped-decorator]
    def classify(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        for batch in batches:
            # Spark's batches have up to 10,000 files, which are not copied at once.
            for start in range(0, len(batch), about.batch_size):
                files = batch.slice(start, about.batch_size).to_pylist()
                found = predict(applied, files, threads=1)
                yield pa.array([one and asdict(one) for one in found], to_arrow_type(_PREDICTION))

    spark.udf.register(CLASSIFY, classify.asNondeterministic())
