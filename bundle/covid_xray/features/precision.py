"""In which precision the features of a run are computed, given the processors of the workers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark.sql import SparkSession
from sparkdl.precision import FLOAT32, bfloat16_instructions

from covid_xray.settings import Settings

# Spark spreads so many tasks over the workers, which may differ.
_ASKED = 8
_FOUND = "found STRING"
_SCHEMA = pa.schema([("found", pa.string())])


def settle_precision(spark: SparkSession, settings: Settings) -> tuple[Settings, str]:
    """Return the settings with the precision that the workers compute in, and what to say of it."""
    if settings.precision == FLOAT32:
        return settings, ""
    asked = spark.range(_ASKED, numPartitions=_ASKED).mapInArrow(_instructions, _FOUND)
    return settled(settings, set(asked.toArrow()["found"].to_pylist()))


def settled(settings: Settings, found: set[str]) -> tuple[Settings, str]:
    """Do what `settle_precision` does, with the instruction sets for bfloat16 of each worker at hand.

    Without any, bfloat16 is slower than float32, which then takes its place.
    """
    if "" in found:
        note = (
            f"a worker's processor has no instructions for {settings.precision}, so features are computed in "
            f"{FLOAT32}"
        )
        return settings.model_copy(update={"precision": FLOAT32}), note
    return settings, f"features are computed in {settings.precision} ({', '.join(sorted(found))})"


def _instructions(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for _ in batches:
        yield pa.RecordBatch.from_pylist([{"found": " ".join(bfloat16_instructions())}], schema=_SCHEMA)
