"""A function of SQL is refused where it is registered, and registering one starts nothing of Spark's."""

from types import SimpleNamespace

import pytest
from sparkdl import SparkdlError, registerKerasImageUDF
from sparkdl.udf.keras_image_model import _exists


@pytest.mark.parametrize("name", ["a b", "a-b", "", "1a", "a.b", 3, None])
def test_a_name_that_sql_cannot_have_is_refused(name):
    with pytest.raises(
        SparkdlError, match=rf"^udf_name {name!r} cannot be the name of a function: give letters"
    ):
        registerKerasImageUDF(name, "model.keras")


def test_a_preprocessor_is_a_function():
    with pytest.raises(SparkdlError, match=r"preprocessor must be a function from the path .*, not 'x'"):
        registerKerasImageUDF("classify", "model.keras", "x")


class Session:
    """The part of a session in the JVM that knows its functions; there is no catalog of tables yet."""

    def sessionState(self):
        return self

    def sqlParser(self):
        return self

    def functionRegistry(self):
        return self

    def parseFunctionIdentifier(self, name):
        return f"id of {name}"

    def functionExists(self, identifier):
        return identifier == "id of abs"


def test_the_catalog_of_tables_is_not_started_to_look_for_a_function():
    session = SimpleNamespace(_jsparkSession=Session())
    assert _exists(session, "abs") and not _exists(session, "classify")


def test_a_session_of_connect_is_asked_as_a_whole():
    catalog = SimpleNamespace(functionExists=lambda name: name == "abs")
    assert _exists(SimpleNamespace(catalog=catalog), "abs")
