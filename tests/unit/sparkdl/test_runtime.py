"""TensorFlow takes a GPU's memory as it needs it; no GPU was there to try it on."""

from types import SimpleNamespace

import pytest
from sparkdl.runtime import grow_memory


@pytest.fixture
def config():
    """What `tensorflow.config` has of GPUs: two, of which the first is in use already."""
    found = SimpleNamespace(kinds=[], grown=[])

    def devices(kind):
        found.kinds.append(kind)
        return ["gpu:0", "gpu:1"]

    def grow(gpu, enable):
        if gpu == "gpu:0":
            raise RuntimeError("Physical devices cannot be modified after being initialized")
        found.grown.append((gpu, enable))

    found.list_physical_devices = devices
    found.experimental = SimpleNamespace(set_memory_growth=grow)
    return found


def test_every_gpu_that_is_not_in_use_grows(config):
    grow_memory(config)
    assert (config.kinds, config.grown) == (["GPU"], [("gpu:1", True)])


def test_it_is_what_tensorflow_has():
    from tensorflow import config

    grow_memory(config)
    assert callable(config.experimental.set_memory_growth)
