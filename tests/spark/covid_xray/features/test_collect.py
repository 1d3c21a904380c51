import numpy as np
import pytest
from covid_xray.errors import StageError
from covid_xray.features.collect import collect_rows

VALUES = {image_id: np.array([index, 1.5], "<f4") for index, image_id in enumerate("abc")}


@pytest.fixture
def stored(spark):
    def rows(images):
        values = [(image_id, VALUES[image_id].tobytes()) for image_id in images]
        return spark.createDataFrame(values, "image_id STRING, features BINARY").repartition(2)

    return rows


def collected(rows):
    return np.hstack([block for _, block in rows.blocks()])


@pytest.mark.parametrize("images", ["cab", "abcabca"])
def test_each_image_has_one_row_in_the_requested_order_even_if_it_is_stored_twice(stored, images):
    found = collect_rows(stored(images), ["b", "c", "a"])
    assert found.shape == (3, 2)
    assert collected(found).tolist() == [VALUES[image_id].tolist() for image_id in "bca"]


def test_missing_features_are_an_error_with_their_number_and_one_image(stored):
    with pytest.raises(StageError, match="no features of 2 images, among them a"):
        collect_rows(stored("b"), ["a", "b", "c"])
