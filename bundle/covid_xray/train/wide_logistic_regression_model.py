"""The class path of the Model in pipelines saved by version 0.1."""

from logistic import WideLogisticRegressionModel as WideLogisticRegressionModel
