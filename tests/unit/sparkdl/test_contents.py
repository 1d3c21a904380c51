"""Weights are data: a file that holds anything else is refused in one line, and nothing in it is run."""

import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest
from sparkdl.backbones import BACKBONES, backbone
from sparkdl.contents import refuse_others
from sparkdl.errors import WeightsError
from sparkdl.network import Network, Recipe
from sparkdl.weights import resolve


class Touch:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return Path.touch, (self.file,)


@pytest.fixture
def trace(tmp_path):
    """What is there once code has been run."""
    return tmp_path / "ran"


@pytest.fixture
def network_with_code(trace):
    """A Keras model with a Lambda layer, of which a saved model keeps the code."""
    import keras

    place = str(trace)
    layer = keras.layers.Lambda(lambda x: [x, __import__("pathlib").Path(place).touch()][0])
    model = keras.Sequential([keras.Input((4,)), layer, keras.layers.Dense(2)])
    trace.unlink()
    return model


def lambda_layer(file, network_with_code, trace):
    network_with_code.save(file)


def whole_model(file, network_with_code, trace):
    network_with_code.save(file.with_suffix(".keras"))
    file.with_suffix(".keras").rename(file)


def pickled(file, network_with_code, trace):
    file.write_bytes(pickle.dumps(Touch(trace)))


def pickled_object(file, network_with_code, trace):
    """As opaque bytes, and as a Python object in a text: where Keras 3 and Keras 2 look for numbers."""
    with h5py.File(file, "w") as out:
        out["layers/conv2d/vars/0"] = np.void(pickle.dumps(Touch(trace)))
        out["block1_conv1/block1_conv1/kernel:0"] = [pickle.dumps(Touch(trace), protocol=0)]
        out.attrs["layer_names"] = [b"block1_conv1"]
        out["block1_conv1"].attrs["weight_names"] = [b"block1_conv1/kernel:0"]


def cut_off(file, network_with_code, trace):
    with h5py.File(file, "w") as out:
        out["layers/conv2d/vars/0"] = np.zeros(1000, np.float32)
    file.write_bytes(file.read_bytes()[:2000])


@pytest.mark.parametrize("name", ["given.h5", "vgg16_notop.weights.h5"])
@pytest.mark.parametrize("write", [lambda_layer, whole_model, pickled, pickled_object, cut_off])
def test_code_in_a_weights_file_is_never_run(tmp_path, network_with_code, trace, write, name):
    file = tmp_path / "weights.h5"
    write(file, network_with_code, trace)
    file = file.rename(tmp_path / name)
    with pytest.raises(WeightsError) as early:
        resolve(str(file), "VGG16", tmp_path)
    # Where the first look is not taken, Keras itself is to refuse it.
    with pytest.raises(WeightsError) as late:
        Network(Recipe("VGG16", str(file)))
    for refusal in map(str, (early.value, late.value)):
        assert refusal.startswith(f"{file} does not hold the weights of VGG16: ") and "\n" not in refusal
    assert not trace.exists()


def as_of(file, name, prefix="", kind=np.float32):
    """Write a file with as many arrays and numbers as a network has, most of them without space on disk."""
    net = backbone(name)
    with h5py.File(file, "a") as out:
        for number in range(net.arrays):
            size = net.numbers - net.arrays + 1 if number == 0 else 1
            out.create_dataset(f"{prefix}layers/{number}", (size,), kind, chunks=(min(size, 4096),))
    return file


@pytest.mark.parametrize("name", BACKBONES)
def test_a_file_of_another_network_is_named_with_whose_it_is(tmp_path, name):
    file = as_of(tmp_path / "given.weights.h5", name)
    refuse_others(file, backbone(name))
    for other in BACKBONES.keys() - {name}:
        with pytest.raises(
            WeightsError, match=rf"given\.weights\.h5 does not hold .* {other}:.* as {name} has"
        ):
            refuse_others(file, backbone(other))


def test_what_a_file_of_an_unfinished_training_has_beside_weights_does_not_matter(tmp_path):
    file = as_of(as_of(tmp_path / "a.weights.h5", "VGG16"), "VGG16", prefix="optimizer/")
    refuse_others(file, backbone("VGG16"))


def test_numbers_that_lie_in_other_files_are_not_read(tmp_path):
    as_of(tmp_path / "other.weights.h5", "VGG16")
    with h5py.File(tmp_path / "a.weights.h5", "w") as out:
        out["layers"] = h5py.ExternalLink("other.weights.h5", "/layers")
        out.create_dataset("outside", (3,), np.float32, external=[("/etc/hostname", 0, 12)])
    with pytest.raises(WeightsError, match="it has 0 arrays of 0 numbers, and not 26 of 14,714,688"):
        refuse_others(tmp_path / "a.weights.h5", backbone("VGG16"))
