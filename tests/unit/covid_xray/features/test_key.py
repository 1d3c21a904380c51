"""The key of stored features, and the chunks of images that are committed together."""

import pytest
from covid_xray.features import preprocessing
from covid_xray.features.key import chunked, feature_key


@pytest.fixture
def key(make_settings):
    return lambda **changes: feature_key(make_settings(**changes), "VGG16", "sha")


@pytest.mark.parametrize(
    "change", [{"preprocessing": "lungs"}, {"pooling": "avg"}, {"scale_hint": "SCALE_FAST"}]
)
def test_a_setting_that_changes_features_changes_the_key(key, change):
    assert key(**change) != key()


def test_a_new_version_of_a_preprocessing_changes_only_its_own_keys(key, monkeypatch):
    before = key(preprocessing="lungs"), key(preprocessing="plain")
    monkeypatch.setitem(preprocessing.VERSIONS, "lungs", preprocessing.VERSIONS["lungs"] + 1)
    assert key(preprocessing="lungs") != before[0] and key(preprocessing="plain") == before[1]


def test_a_setting_that_does_not_change_features_keeps_the_key(key):
    assert key(seed=9, reg_param=3.0, **{"execution.batch_size": 1}) == key()


@pytest.mark.parametrize(
    ("count", "size", "lengths"),
    [
        (3, 4, [3]),
        (4, 4, [4]),
        # Not 4 and 1, which would leave cores idle.
        (5, 4, [2, 3]),
        (1124, 256, [224, 225, 225, 225, 225]),
    ],
)
def test_chunks_are_as_few_as_possible_and_of_equal_length(count, size, lengths):
    ids = [str(number) for number in range(count)]
    chunks = chunked(ids, size)
    assert [len(chunk) for chunk in chunks] == lengths
    assert [image_id for chunk in chunks for image_id in chunk] == ids
