"""What importing the package loads, in a fresh process: the solver works without Spark."""

import subprocess
import sys

import pytest


def loaded_by(statement: str) -> set[str]:
    """Run a statement in a new interpreter; return which of Spark and its companions it has loaded."""
    code = f"import sys\n{statement}\nprint(*{{'pyspark', 'pyarrow', 'pandas'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module", ["batched", "classes", "dual", "errors", "feature_rows", "row_space", "threads"]
)
def test_the_numeric_modules_load_no_spark(module):
    assert loaded_by(f"import logistic.{module}") == set()


def test_public_names_that_need_spark_are_imported_on_first_use():
    assert loaded_by("from logistic import LogisticError") == set()
    assert "pyspark" in loaded_by("from logistic import WideLogisticRegression, WideLogisticRegressionModel")
    assert "pyspark" in loaded_by("from logistic import *; WideLogisticRegression")


def test_an_unknown_name_is_an_attribute_error():
    import logistic

    with pytest.raises(AttributeError, match="module 'logistic' has no attribute 'vectors'"):
        _ = logistic.vectors
