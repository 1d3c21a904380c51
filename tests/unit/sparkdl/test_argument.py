"""A function of SQL says what it was given in place of what it takes."""

from functools import partial

import pyarrow as pa
import pytest
from pyspark.sql.pandas.types import to_arrow_type
from pyspark.sql.types import BinaryType, IntegerType, StructType
from sparkdl import SchemaError, imageSchema
from sparkdl.argument import checked
from sparkdl.schema import holds_images

classify = partial(checked, function="classify", holds=holds_images, expected="an image")


@pytest.mark.parametrize("kind", [to_arrow_type(imageSchema), pa.binary(), pa.large_binary(), pa.null()])
def test_images_and_nulls_are_taken(kind):
    values = pa.nulls(2, kind)
    assert classify(values) is values


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        (pa.string(), "string"),
        (pa.int64(), "bigint"),
        (pa.list_(pa.int32()), "array<int>"),
        (
            to_arrow_type(StructType().add("a", IntegerType()).add("b", BinaryType())),
            "struct<a:int,b:binary>",
        ),
    ],
)
def test_another_type_is_named(kind, named):
    with pytest.raises(SchemaError) as refused:
        classify(pa.nulls(2, kind))
    assert str(refused.value) == f"classify takes an image, and was given {named}"


def test_several_columns_are_counted():
    with pytest.raises(SchemaError, match="classify takes one column, an image, and was given 2"):
        classify((pa.nulls(2, pa.binary()), pa.nulls(2, pa.binary())))
