"""The class path of the Estimator in pipelines saved by version 0.1."""

from logistic import WideLogisticRegression as WideLogisticRegression
