import numpy as np
import pytest
from covid_xray.evaluation.metrics.formulas import (
    matthews_correlation,
    nan_safe_mean,
    nan_safe_ratio,
    negative_predictive_value,
    positive_predictive_value,
)


def test_a_proportion_of_nothing_is_nan_and_warns_of_nothing(recwarn):
    assert np.isnan(nan_safe_ratio([0.0, 3.0], 0)).all()
    assert nan_safe_ratio([1.0, 3.0], [2.0, 4.0]).tolist() == [0.5, 0.75]
    assert not recwarn.list


def test_a_mean_leaves_out_what_is_nan(recwarn):
    values = [[1.0, np.nan, np.nan], [3.0, 5.0, np.nan]]
    assert nan_safe_mean(values)[:2].tolist() == [2, 5] and np.isnan(nan_safe_mean(values)[2])
    assert nan_safe_mean(values, axis=1).tolist() == [1, 4]
    assert not recwarn.list


def test_predictive_values_are_those_of_counted_people():
    # Of 1,000 people 50 are ill, 40 of them found; of 950 others 95 are predicted to be ill.
    assert positive_predictive_value(0.8, 0.9, prevalence=0.05) == pytest.approx(40 / 135)
    assert negative_predictive_value(0.8, 0.9, prevalence=0.05) == pytest.approx(855 / 865)


def test_a_predictive_value_of_no_prediction_is_nan():
    assert np.isnan(positive_predictive_value(0.0, 1.0, prevalence=0.05))
    assert np.isnan(negative_predictive_value(1.0, 0.0, prevalence=0.05))


def test_the_correlation_is_zero_where_all_predictions_are_one_class_and_nan_without_images():
    actual, predicted = np.array([[4.0, 6.0], [0.0, 0.0]]), np.array([[0.0, 10.0], [0.0, 0.0]])
    found = matthews_correlation(np.array([10.0, 0.0]), actual, predicted, np.array([6.0, 0.0]))
    assert found[0] == 0 and np.isnan(found[1])
