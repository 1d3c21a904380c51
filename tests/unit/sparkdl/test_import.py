"""What importing the package loads, in a fresh process: a Python worker's memory depends on it."""

import ast
import subprocess
import sys

import pytest

HEAVY = {"pyspark", "pandas", "scipy", "h5py", "tensorflow", "keras"}


def loaded_by(statement: str) -> set[str]:
    """Run a statement in a new interpreter; return which of the heavy packages it has loaded."""
    code = f"import sys\n{statement}\nprint({HEAVY} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set() if done.stdout.strip() == "set()" else ast.literal_eval(done.stdout)


@pytest.mark.parametrize(
    "module", ["backbones", "errors", "files", "images", "inference", "memory", "network", "weights"]
)
def test_modules_that_need_no_spark_load_no_heavy_package(module):
    assert loaded_by(f"import sparkdl.{module}") == set()


def test_a_worker_that_computes_features_loads_no_pandas_scipy_or_spark_ml():
    assert loaded_by("import sparkdl.column; assert 'pyspark.ml' not in sys.modules") == {"pyspark"}


def test_public_names_that_need_spark_are_imported_on_first_use():
    assert loaded_by("import sparkdl") == set()
    names = "from sparkdl import DeepImageFeaturizer, imageSchema; assert imageSchema.names[0] == 'origin'"
    assert "pyspark" in loaded_by(names) and not loaded_by(names) & {"tensorflow", "keras"}
    assert "pyspark" in loaded_by("from sparkdl import *; DeepImageFeaturizer, WeightsError")


def test_an_unknown_name_is_an_attribute_error():
    import sparkdl

    with pytest.raises(AttributeError, match="module 'sparkdl' has no attribute 'Nothing'"):
        _ = sparkdl.Nothing
