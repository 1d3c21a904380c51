"""What cannot be a function of SQL is refused before Spark is asked."""

import pytest
from sparkdl import SparkdlError, registerKerasImageUDF


@pytest.mark.parametrize("name", ["a b", "a-b", "", "1a", "a.b", 3, None])
def test_a_name_that_sql_cannot_have_is_refused(name):
    with pytest.raises(
        SparkdlError, match=rf"^udf_name {name!r} cannot be the name of a function: give letters"
    ):
        registerKerasImageUDF(name, "model.keras")


def test_a_preprocessor_is_a_function():
    with pytest.raises(SparkdlError, match=r"preprocessor must be a function from the path .*, not 'x'"):
        registerKerasImageUDF("classify", "model.keras", "x")
