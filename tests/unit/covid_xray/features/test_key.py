"""The key of stored features."""

import pytest
from covid_xray.features import pictures
from covid_xray.features.key import feature_key


@pytest.fixture
def key(make_settings):
    return lambda **changes: feature_key(make_settings(**changes), "VGG16", "sha")


@pytest.mark.parametrize(
    "change",
    [{"preprocessing": "lungs"}, {"pooling": "avg"}, {"scale_hint": "SCALE_FAST"}, {"dimensionality": 64}],
)
def test_a_setting_that_changes_features_changes_the_key(key, change):
    assert key(**change) != key()


def test_a_new_version_of_a_preprocessing_changes_only_its_own_keys(key, monkeypatch):
    before = key(preprocessing="lungs"), key(preprocessing="plain")
    monkeypatch.setitem(pictures.VERSIONS, "lungs", pictures.VERSIONS["lungs"] + 1)
    assert key(preprocessing="lungs") != before[0] and key(preprocessing="plain") == before[1]


def test_projected_features_have_a_key_of_their_own_and_others_that_of_earlier_versions(key, monkeypatch):
    assert key(pooling="avg", dimensionality=64) == key() | {"pooling": "avg to 64.1"}
    assert key(pooling="avg") == key() | {"pooling": "avg"}
    monkeypatch.setattr("covid_xray.features.key.VERSION", 2)
    assert key(pooling="avg", dimensionality=64) == key() | {"pooling": "avg to 64.2"}


def test_a_setting_that_does_not_change_features_keeps_the_key(key):
    assert key(seed=9, reg_param=3.0, **{"execution.batch_size": 1}) == key()
