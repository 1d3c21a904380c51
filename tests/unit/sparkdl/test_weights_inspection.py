"""Weights are data: a file that holds anything else is refused in one line, and no code in it runs."""

import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest
from sparkdl.backbones import BACKBONES, backbone
from sparkdl.errors import WeightsError
from sparkdl.network import Network, NetworkSpec
from sparkdl.weights import resolve
from sparkdl.weights_inspection import validate_weights


class Touch:
    """Creates a file when it is unpickled."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return Path.touch, (self.file,)


@pytest.fixture
def trace(tmp_path):
    """A file that exists once code has run."""
    return tmp_path / "ran"


@pytest.fixture
def network_with_code(trace):
    """A Keras model with a Lambda layer, whose code is part of the saved model."""
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
    """A pickle as opaque bytes and as a string, where Keras 3 and Keras 2 look for arrays."""
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
    # Without that inspection, Keras itself must refuse the file.
    with pytest.raises(WeightsError) as late:
        Network(NetworkSpec(backbone("VGG16"), str(file)))
    for refusal in map(str, (early.value, late.value)):
        assert refusal.startswith(f"{file} does not hold the weights of VGG16: ") and "\n" not in refusal
    assert not trace.exists()


def write_like(file, name, prefix="", kind=np.float32):
    """Write a sparse file with as many arrays and parameters as a network has."""
    net = backbone(name)
    with h5py.File(file, "a") as out:
        for index in range(net.notop.arrays):
            size = net.notop.parameters - net.notop.arrays + 1 if index == 0 else 1
            out.create_dataset(f"{prefix}layers/{index}", (size,), kind, chunks=(min(size, 4096),))
    return file


@pytest.mark.parametrize("name", BACKBONES)
def test_a_file_of_another_network_is_refused_with_the_name_of_that_network(tmp_path, name):
    file = write_like(tmp_path / "given.weights.h5", name)
    validate_weights(file, backbone(name))
    for other in BACKBONES.keys() - {name}:
        with pytest.raises(
            WeightsError, match=rf"given\.weights\.h5 does not hold .* {other}: .*\(those of {name} without"
        ):
            validate_weights(file, backbone(other))


def test_optimizer_state_in_a_file_is_not_counted(tmp_path):
    file = write_like(write_like(tmp_path / "a.weights.h5", "VGG16"), "VGG16", prefix="optimizer/")
    validate_weights(file, backbone("VGG16"))


def test_arrays_in_other_files_are_not_counted(tmp_path):
    write_like(tmp_path / "other.weights.h5", "VGG16")
    with h5py.File(tmp_path / "a.weights.h5", "w") as out:
        out["layers"] = h5py.ExternalLink("other.weights.h5", "/layers")
        out.create_dataset("outside", (3,), np.float32, external=[("/etc/hostname", 0, 12)])
    with pytest.raises(
        WeightsError, match="it has 0 arrays with 0 parameters, expected 26 arrays with 14,714,688"
    ):
        validate_weights(tmp_path / "a.weights.h5", backbone("VGG16"))
