"""Whether a model returns images is known from its file as far as its last layer tells."""

import keras
import pytest
from keras import layers
from sparkdl.keras_image import check_output
from sparkdl.model_file import ModelFileError, check_model_file


def sequential(*last):
    return keras.Sequential([keras.Input((8, 8, 3)), *last])


def functional(*last):
    image = keras.Input((8, 8, 3))
    return keras.Model(image, sequential(*last)(image) if len(last) > 1 else last[0](image))


MODELS = [
    (sequential(layers.Flatten(), layers.Dense(2)), (2,)),
    (sequential(layers.Flatten(), layers.Dense(2), layers.Softmax()), None),
    (sequential(layers.GlobalMaxPooling2D()), (None,)),
    (sequential(layers.GlobalMaxPooling2D(keepdims=True)), None),
    (sequential(layers.Dense(3)), (8, 8, 3)),
    (sequential(layers.Conv2D(1, 3)), None),
    (functional(layers.Rescaling(1 / 255)), (8, 8, 3)),
    (functional(layers.GlobalAveragePooling2D()), (None,)),
    (functional(layers.Flatten(), layers.Dense(4)), (4,)),
]


@pytest.mark.parametrize(("model", "shape"), MODELS)
def test_the_shape_of_the_output_is_known_or_left_open(model, shape, tmp_path):
    model.save(tmp_path / "model.keras")
    found = check_model_file(str(tmp_path / "model.keras"))
    assert found.output_shape == shape
    expected = model.output_shape[1:]
    assert shape is None or (len(shape) == len(expected) and shape[-1] in (None, expected[-1]))
    check_output(found, "vector")
    if shape in (None, (8, 8, 3)):
        check_output(found, "image")
    else:
        with pytest.raises(
            ModelFileError, match=r"^outputMode is 'image', and the model .* returns arrays of"
        ):
            check_output(found, "image")
