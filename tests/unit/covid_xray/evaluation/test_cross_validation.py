"""All classifiers at once find what a fit of each fold finds in the row space."""

import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.cross_validation import AllAtOnce, held_out_probabilities
from covid_xray.evaluation.folds import Folds
from covid_xray.evaluation.splits import split
from covid_xray.features.gram import FusedKernel, GramMatrix
from logistic.row_space import fit_rows, probabilities
from logistic.rows import Block, RowsInMemory

IMAGES, WIDTHS = 240, (30, 12)


@pytest.fixture
def settings(make_settings, request):
    few = {"patient_grouped.repeats": 1, "patient_grouped.folds": 3}
    return make_settings(repeats=2, **few, balance=getattr(request, "param", "none"))


@pytest.fixture
def folds(settings):
    """Both protocols and tasks, as Spark gives the splits back: in any order, and folds as floats."""
    ids = [f"{number:03}" for number in np.random.default_rng(1).permutation(IMAGES)]
    labels = [("Covid-19", "No_findings", "Pneumonia")[number % 3] for number in range(IMAGES)]
    sources = ["one" if number % 7 else "other" for number in range(IMAGES)]
    images = pd.DataFrame({"image_id": ids, "label": labels, "patient_id": ids, "source": sources})
    drawn = split(images, settings).sample(frac=1, random_state=2)
    return Folds.of(drawn.astype({"fold": float}), settings.tasks, settings.is_balanced)


@pytest.fixture
def networks(folds):
    """The features of two networks, one much larger than the other."""
    random = np.random.default_rng(3)
    codes = folds.labels.codes[:, 1]
    found = [random.standard_normal((IMAGES, width)) + 0.7 * codes[:, None] + 2 for width in WIDTHS]
    return [(features * scale).astype(np.float32) for features, scale in zip(found, (1, 40), strict=True)]


@pytest.fixture
def all_at_once(folds, settings):
    """In blocks, as they are collected: neither in the order of the images nor of one length."""

    def make(*networks):
        order = np.random.default_rng(4).permutation(IMAGES)
        matrix = np.hstack(networks)
        blocks = [Block(matrix[rows], folds.labels[rows], rows) for rows in (order[:100], order[100:])]
        widths = [features.shape[1] for features in networks]
        return AllAtOnce(folds, settings.reg_param, RowsInMemory(blocks), widths)

    return make


def in_row_space(kernel, folds, reg_param):
    for fit in folds.fits:
        training, held_out = (np.flatnonzero(rows(folds.labels)) for rows in (fit.training, fit.held_out))
        codes = folds.labels.codes[training, fit.task].astype(np.int64)
        inner, scale = kernel.for_training_rows(training)
        shares = fit.shares(folds.labels)[folds.labels.group_of_each()[training]]
        penalty = reg_param * scale**2
        fitted = fit_rows(inner, training, codes, folds.n_classes[fit.task], penalty, shares)
        yield probabilities(fitted, inner, held_out)


def gram_matrix(folds, features):
    wide = features.astype(float)
    return GramMatrix(folds.ids, features.shape[1], wide @ wide.T)


@pytest.mark.parametrize("settings", ["none", "source_class"], indirect=True)
def test_every_held_out_image_has_the_probabilities_of_the_row_space(all_at_once, folds, networks, settings):
    kernel = gram_matrix(folds, networks[0])
    found = all_at_once(networks[0]).probabilities()
    for own, expected in zip(found, in_row_space(kernel, folds, settings.reg_param), strict=True):
        np.testing.assert_allclose(own, expected, atol=1e-5, rtol=0)


def test_networks_side_by_side_have_the_probabilities_of_the_fused_kernel(
    all_at_once, folds, networks, settings
):
    kernel = FusedKernel(tuple(gram_matrix(folds, features) for features in networks))
    found = all_at_once(*networks).probabilities()
    for own, expected in zip(found, in_row_space(kernel, folds, settings.reg_param), strict=True):
        np.testing.assert_allclose(own, expected, atol=1e-5, rtol=0)


def test_probabilities_are_those_of_the_models(all_at_once, folds, networks):
    classifiers = all_at_once(networks[0])
    models = classifiers.models(folds.fits)
    found = held_out_probabilities(classifiers.rows, folds.fits, models)
    for fit, model, own in zip(folds.fits, models, found, strict=True):
        features = networks[0].astype(float)
        np.testing.assert_allclose(own, model.probabilities(features[fit.held_out(folds.labels)]))
        np.testing.assert_allclose(model.mean, features[fit.training(folds.labels)].mean(axis=0))
