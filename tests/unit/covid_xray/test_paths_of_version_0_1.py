"""Models and pipelines saved by version 0.1 name classes and a loader by their old paths."""

from importlib import import_module

import pytest
from covid_xray.features.preprocessing import LungField
from covid_xray.registry import loader
from covid_xray.registry.class_name import ClassName
from logistic import WideLogisticRegression, WideLogisticRegressionModel

# As Spark's metadata and MLflow's MLmodel files have them.
MOVED = {
    "covid_xray.train.wide_logistic_regression.WideLogisticRegression": WideLogisticRegression,
    "covid_xray.train.wide_logistic_regression_model.WideLogisticRegressionModel": (
        WideLogisticRegressionModel
    ),
    "covid_xray.preprocessing.LungField": LungField,
    "covid_xray.models.class_name.ClassName": ClassName,
    "covid_xray.models.loader._load_pyfunc": loader._load_pyfunc,
}


@pytest.mark.parametrize("path", MOVED)
def test_an_old_path_still_gives_the_same_object(path):
    module, _, name = path.rpartition(".")
    assert getattr(import_module(module), name) is MOVED[path]
