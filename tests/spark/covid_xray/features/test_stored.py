import numpy as np
import pytest
from covid_xray.errors import StageError
from covid_xray.features import stored as module
from covid_xray.features.stored import StoredFeatures
from logistic.block_sums import combinations
from logistic.rows import Labels

IDS = ("a", "b", "c")
VALUES = {image_id: np.array([index, 1.5], "<f4") for index, image_id in enumerate("abcxyz")}
LABELS = Labels(np.zeros((3, 1), int), np.zeros((3, 1), int))


@pytest.fixture
def rows(spark):
    def make(images):
        values = [(image_id, VALUES[image_id].tobytes()) for image_id in images]
        return spark.createDataFrame(values, "image_id STRING, features BINARY").repartition(2)

    return make


@pytest.mark.parametrize("images", ["cab", "abcabca", "zcyaxb"], ids=["once", "twice", "and others"])
@pytest.mark.parametrize("place", ["on_workers", "in_memory"])
def test_each_image_of_the_run_is_read_once_with_its_number(rows, images, place, monkeypatch):
    monkeypatch.setattr(module, "_QUERY_BYTES", 8)
    features = StoredFeatures.of(rows(images), IDS)
    assert features.width == 2
    weights = np.array([[1.0, 0], [10, 0], [0, 7]])
    (found,) = getattr(features, place)(LABELS).total(combinations(weights))
    np.testing.assert_array_equal(found, weights.T @ np.stack([VALUES[image_id] for image_id in IDS]))


def test_missing_features_are_an_error_with_their_number_and_one_image(rows):
    with pytest.raises(StageError, match="no features of 2 images, among them a: run featurize first"):
        StoredFeatures.of(rows("b"), IDS)


def test_ids_that_begin_alike_are_told_apart():
    ids = [f"{'0' * 20}{number}" for number in range(12)]
    numbers = module.ImageNumbers.of(sorted(ids[::2]), ids)
    assert numbers.keys.dtype.itemsize == 32
    short = module.ImageNumbers.of(["a" * 64, "b" * 64], ["c" * 64])
    assert short.keys.dtype.itemsize == 16
