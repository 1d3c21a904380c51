"""The file of a Keras model is looked into before anything is built from it."""

import json
import os
import zipfile

import keras
import pytest
from sparkdl.model_file import ModelFileError, check_model_file, store_model


def functional():
    image = keras.Input((None, 8, 3))
    return keras.Model(image, keras.layers.GlobalAveragePooling2D()(image))


MODELS = {
    "functional": functional,
    "sequential": lambda: keras.Sequential([keras.Input((5,)), keras.layers.Dense(2, activation="relu")]),
    "nested": lambda: keras.Sequential([keras.Input((None, 8, 3)), functional(), keras.layers.Dense(2)]),
}
SHAPES = {"functional": (None, 8, 3), "sequential": (5,), "nested": (None, 8, 3)}


@pytest.fixture
def saved(tmp_path):
    def save(model, name="a model.keras"):
        model.save(tmp_path / name)
        return str(tmp_path / name)

    return save


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_the_shape_of_one_input_is_known(saved, kind, suffix):
    file = saved(MODELS[kind](), f"a model{suffix}")
    found = check_model_file(file)
    assert (str(found.path), found.input_shape) == (file, SHAPES[kind])


def test_how_a_model_was_trained_does_not_matter(saved):
    model = MODELS["sequential"]()
    model.compile(loss=lambda true, predicted: predicted)
    assert check_model_file(saved(model)).input_shape == (5,)


@keras.saving.register_keras_serializable(package="own")
class Own(keras.layers.Layer):
    def call(self, inputs):
        return inputs


@keras.saving.register_keras_serializable(package="own")
def own_activation(values):
    return values


@pytest.mark.parametrize(
    ("layer", "named"),
    [
        (lambda: keras.layers.Lambda(lambda values: values), "a Lambda layer"),
        (Own, "the class (own>)?Own"),
        (lambda: keras.layers.Dense(2, activation=own_activation), "the function own>own_activation"),
        (lambda: keras.Sequential([keras.Input((5,)), Own()]), "the class (own>)?Own"),
    ],
)
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_model_with_code_of_its_own_is_refused(saved, layer, named, suffix):
    file = saved(keras.Sequential([keras.Input((5,)), layer()]), f"model{suffix}")
    with pytest.raises(
        ModelFileError,
        match=rf"^modelFile {file} needs code that is not part of Keras \({named}\).*Keras's own",
    ):
        check_model_file(file)


def with_config(path, config):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", config)


@pytest.mark.parametrize(
    ("name", "write", "message"),
    [
        ("none.keras", lambda path: None, r"modelFile: there is no file .*none\.keras: correct the path"),
        ("model.pb", lambda path: path.write_bytes(b""), r"not a Keras model: give a \.keras or \.h5 file"),
        ("model.pt", lambda path: path.write_bytes(b""), r"not a Keras model: give a \.keras or \.h5 file"),
        ("folder.keras", os.mkdir, r"not a Keras model: give a \.keras or \.h5 file"),
        (
            "model.keras",
            lambda path: path.write_bytes(b"text"),
            r"not a \.keras file as Keras writes it; save the .*\(\"model\.keras",
        ),
        (
            "model.keras",
            lambda path: with_config(path, "{"),
            r"not a \.keras file as Keras writes it; save the .*\(\"model\.keras",
        ),
        ("model.keras", lambda path: with_config(path, "[]"), "not a Keras model: its architecture is not a"),
        (
            "model.h5",
            lambda path: path.write_bytes(b"text"),
            r"not a \.h5 file as Keras writes it; save the model again with",
        ),
    ],
)
def test_a_file_that_is_no_model_is_refused_in_one_line(tmp_path, name, write, message):
    write(tmp_path / name)
    with pytest.raises(ModelFileError, match=message) as caught:
        check_model_file(str(tmp_path / name))
    assert "\n" not in str(caught.value)


def test_weights_alone_are_no_model(tmp_path):
    file = tmp_path / "model.weights.h5"
    MODELS["sequential"]().save_weights(file)
    with pytest.raises(ModelFileError, match=r"holds weights without a model: write it with model\.save"):
        check_model_file(str(file))


def test_a_model_of_several_inputs_is_refused(saved):
    first, second = keras.Input((2,)), keras.Input((2,))
    file = saved(keras.Model([first, second], keras.layers.Add()([first, second])))
    with pytest.raises(ModelFileError, match="takes 2 inputs: give a model with one"):
        check_model_file(file)


def test_a_stored_model_has_a_name_of_its_own_content(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    first, again, other = store_model(b"one"), store_model(b"one"), store_model(b"other")
    assert first == again != other and first.read_bytes() == b"one"


def test_where_the_file_does_not_say_the_shape_is_not_known(tmp_path):
    config = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {}}]}}
    with_config(tmp_path / "model.keras", json.dumps(config))
    assert check_model_file(str(tmp_path / "model.keras")).input_shape is None
