import numpy as np
import pytest
from covid_xray.evaluation.metrics.per_image import confusion_cells, squared_errors
from covid_xray.evaluation.metrics.weighted_view import PatientSums, WeightedView


@pytest.fixture
def view(repeat, weights):
    """The repeat on 20 resamples."""
    return WeightedView(PatientSums(repeat, weights.shape[1]), weights)


def test_scores_are_tied(repeat):
    assert len(np.unique(repeat.probability[:, 0])) < len(repeat.label) / 4


def test_sums_count_each_image_as_often_as_its_patient_was_drawn(view, repeat):
    for row, weights in enumerate(view.weights):
        expected = (weights[repeat.patient][:, None] * squared_errors(repeat)).sum(axis=0)
        assert view.sums(squared_errors)[row] == pytest.approx(expected, abs=1e-12)
        drawn = weights[repeat.patient].sum()
        assert view.means(squared_errors)[row] == pytest.approx(expected / drawn, abs=1e-12)


def test_what_images_add_is_summed_within_patients_once(repeat, weights):
    patients = PatientSums(repeat, weights.shape[1])
    assert patients.of(confusion_cells) is patients.of(confusion_cells)
    assert patients.of(confusion_cells).sum() == len(repeat.label)


def test_the_margins_of_the_confusion_matrix_add_up(view):
    assert view.confusion.shape == (20, view.n_classes, view.n_classes)
    assert (view.actual.sum(axis=1) == view.total).all() and (view.predicted.sum(axis=1) == view.total).all()
    assert (view.actual + view.others == view.total[:, None]).all()
    assert (view.hits == np.diagonal(view.confusion, axis1=1, axis2=2)).all()
