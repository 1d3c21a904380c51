import gc

import numpy as np
import pytest
from sparkdl.network import Network, Recipe, kept_network
from sparkdl.weights import resolve


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    weights = resolve("random", "VGG16", tmp_path_factory.mktemp("weights"))

    def make(pooling):
        return Recipe("VGG16", str(weights.path), pooling)

    return make


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)


def test_pooling_none_flattens_the_map_whose_mean_and_maximum_avg_and_max_are(recipe, images):
    flat = Network(recipe("none")).features(images).reshape(3, 49, 512)
    for pooling, reduced in (("avg", flat.mean(axis=1)), ("max", flat.max(axis=1))):
        pooled = Network(recipe(pooling)).features(images)
        np.testing.assert_allclose(pooled, reduced, rtol=1e-4, atol=1e-5 * np.abs(reduced).max())


def test_features_do_not_depend_on_the_batch(recipe, images):
    network = kept_network(recipe("avg"))
    together, alone = network.features(images), network.features(images[1:2])
    assert together.shape == (3, 512) and together.dtype == np.float32
    np.testing.assert_allclose(alone[0], together[1], rtol=1e-4, atol=1e-5 * np.abs(alone).max())


def test_a_network_is_kept_until_another_recipe_or_another_file_takes_its_place(recipe):
    kept = kept_network(recipe("avg"))
    assert kept_network(recipe("avg")) is kept
    assert kept_network(recipe("max")) is not kept


def test_garbage_collection_leaves_out_the_kept_network_and_finds_the_ones_before_it(recipe):
    def frozen():
        for pooling in ("max", "avg"):
            kept_network(recipe(pooling))
        return gc.get_freeze_count()

    first = frozen()
    assert not any(isinstance(found, Network) for found in gc.get_objects())
    # A network is made of some 3,000 objects; all else in this process stays nearly as it is.
    assert frozen() - first < 1000
