"""Which column a name means: what Spark would take it for, or one line that says why none."""

from types import SimpleNamespace

import pytest
from pyspark.sql.types import BinaryType, IntegerType, StructField, StructType
from sparkdl import SchemaError, imageSchema
from sparkdl.schema import check_is_new, image_column, new_name, quoted


@pytest.fixture
def schema():
    def make(*binary, **others):
        fields = [StructField(name, BinaryType()) for name in binary]
        return StructType([*fields, *(StructField(name, kind) for name, kind in others.items())])

    return make


@pytest.fixture
def session():
    """A session that tells case apart, or does not: of a frame with one column, `drop` leaves it or none."""

    def make(tells_case_apart):
        frame = SimpleNamespace(drop=lambda _: SimpleNamespace(columns=["column"] * tells_case_apart))
        return SimpleNamespace(range=lambda _: SimpleNamespace(toDF=lambda _: frame))

    return make


@pytest.mark.parametrize("known", [True, False])
def test_case_does_not_tell_names_apart_by_default(schema, session, known):
    spark = session(tells_case_apart=False) if known else None
    assert image_column(schema("Image", "label"), "image", spark) == "Image"
    with pytest.raises(
        SchemaError, match="output column 'features' exists already as 'Features'; choose another"
    ):
        check_is_new(schema("Features"), "features", spark)


def test_case_tells_names_apart_where_the_session_says_so(schema, session):
    spark = session(tells_case_apart=True)
    check_is_new(schema("Features"), "features", spark)
    assert image_column(schema("Image", "image"), "image", spark) == "image"
    with pytest.raises(SchemaError, match="input column 'image' is missing; choose one of Image"):
        image_column(schema("Image"), "image", spark)


@pytest.mark.parametrize(
    ("columns", "others", "expected"),
    [
        (
            ("Image", "IMAGE"),
            {},
            "input column 'image' may be any of Image, IMAGE; rename or drop the others",
        ),
        (("a",), {"image": IntegerType()}, "input column 'image' is int, expected an image struct or binary"),
        (("a",), {}, "input column 'image' is missing; choose one of a"),
    ],
)
def test_a_name_that_means_no_images_is_refused(schema, columns, others, expected):
    with pytest.raises(SchemaError) as refused:
        image_column(schema(*columns, **others), "image", None)
    assert str(refused.value) == expected


def test_a_field_of_a_struct_has_to_be_a_column_of_its_own(schema):
    with pytest.raises(
        SchemaError, match=r"'row\.data' is missing; .*; select the field as a column of its own"
    ):
        image_column(schema("a", row=imageSchema), "row.data", None)


def test_a_column_whose_name_has_a_dot_is_found_before_a_field(schema):
    assert image_column(schema("row.data", row=imageSchema), "row.data", None) == "row.data"
    assert quoted("a.b `c`") == "`a.b ``c```"


def test_a_column_in_between_takes_the_name_of_no_other(schema):
    assert new_name(schema("x_arrays", "X_ARRAYS_"), "x_arrays") == "x_arrays__"
