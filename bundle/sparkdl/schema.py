"""Find the columns of a DataFrame by name, as Spark itself would."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import SparkSession
from pyspark.sql.types import BinaryType, DataType, IntegerType, StringType, StructField, StructType

from sparkdl.errors import SchemaError

# Spark's image data source: https://spark.apache.org/docs/latest/ml-datasource.html
imageSchema = StructType(  # noqa: N816 - Spark's own name for it
    [
        StructField("origin", StringType()),
        StructField("height", IntegerType()),
        StructField("width", IntegerType()),
        StructField("nChannels", IntegerType()),
        StructField("mode", IntegerType()),
        StructField("data", BinaryType()),
    ]
)


def current_session() -> SparkSession:
    """Return the session of this thread, classic or of Spark Connect, or start one."""
    return SparkSession.getActiveSession() or SparkSession.builder.getOrCreate()


def image_column(schema: StructType, name: str, session: SparkSession | None) -> str:
    """Return the column of images that `name` means, as `input_column`."""
    return input_column(schema, name, session, holds_images, "an image struct or binary")


def uri_column(schema: StructType, name: str, session: SparkSession | None) -> str:
    """Return the column of URIs that `name` means, as `input_column`."""
    return input_column(schema, name, session, lambda kind: isinstance(kind, StringType), "string")


def input_column(
    schema: StructType,
    name: str,
    session: SparkSession | None,
    holds: Callable[[DataType], bool],
    expected: str,
) -> str:
    """Return the column that `name` means, as it is written in the schema.

    Parameters
    ----------
    session : SparkSession or None
        Says whether case tells names apart; None is Spark's default, it does not.
    holds : callable
        Tells whether a type is one that is expected.
    expected : str
        These types, in words.

    Raises
    ------
    SchemaError
        If there is none or more than one, or it is of another type.
    """
    found = _meant(schema, name, session)
    if not found:
        hint = "; select the field as a column of its own" if name.split(".")[0] in schema.names else ""
        raise SchemaError(f"input column {name!r} is missing; choose one of {', '.join(schema.names)}{hint}")
    if len(found) > 1:
        raise SchemaError(
            f"input column {name!r} may be any of {', '.join(found)}; rename or drop the others"
        )
    kind = schema[found[0]].dataType
    if not holds(kind):
        raise SchemaError(f"input column {name!r} is {kind.simpleString()}, expected {expected}")
    return found[0]


def check_is_new(schema: StructType, name: str, session: SparkSession | None) -> None:
    """Refuse a name for an output column that means a column already.

    Raises
    ------
    SchemaError
        If it does: Spark would replace that column.
    """
    if found := _meant(schema, name, session):
        written = "" if found[0] == name else f" as {found[0]!r}"
        raise SchemaError(
            f"output column {name!r} exists already{written}; choose another outputCol or drop it"
        )


def new_name(schema: StructType, name: str) -> str:
    """Return a name that no column has, `name` if possible."""
    while _meant(schema, name, None):
        name += "_"
    return name


def quoted(column: str) -> str:
    """Return a name in which Spark takes dots, blanks and backticks for what they are."""
    return "`" + column.replace("`", "``") + "`"


def _meant(schema: StructType, name: str, session: SparkSession | None) -> list[str]:
    same = [column for column in schema.names if column == name]
    alike = [column for column in schema.names if column.lower() == name.lower()]
    return same if alike != same and session is not None and _tells_case_apart(session) else alike


def _tells_case_apart(session: SparkSession) -> bool:
    # Tried, and not read from the session's settings, which serverless compute does not show.
    return bool(session.range(1).toDF("column").drop("COLUMN").columns)


def holds_images(column: DataType) -> bool:
    """Tell whether a column of this type holds encoded files, or rows of Spark's image schema."""
    return isinstance(column, BinaryType) or holds_image_structs(column)


def holds_image_structs(column: DataType) -> bool:
    """Tell whether a column of this type holds rows of Spark's image schema."""
    if not isinstance(column, StructType):
        return False
    return [(f.name, f.dataType) for f in column] == [(f.name, f.dataType) for f in imageSchema]
