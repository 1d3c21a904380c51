"""What Keras would refuse in a task is refused on the driver, without Keras."""

import inspect

import keras
import numpy as np
import pytest
from keras.src.losses import ALL_OBJECTS_DICT as ALL_LOSSES
from keras.src.optimizers import ALL_OBJECTS_DICT as ALL_OPTIMIZERS
from sparkdl.keras_arguments import FIT_ARGUMENTS, LOSSES, OPTIMIZERS, fit_arguments, loss, optimizer


def test_the_names_are_those_of_the_keras_that_is_installed():
    # Those left out are base classes, or cannot be made from a name alone.
    assert set(OPTIMIZERS) == set(ALL_OPTIMIZERS) - {"optimizer", "lossscaleoptimizer"}
    assert set(LOSSES) == set(ALL_LOSSES) - {"Loss", "LossFunctionWrapper"}
    parameters = inspect.signature(keras.Model.fit).parameters
    assert set(FIT_ARGUMENTS) == set(parameters) - {"self", "x", "y"}
    # Keras's own defaults are taken.
    fit_arguments({name: parameters[name].default for name in FIT_ARGUMENTS})


@pytest.mark.parametrize("name", ["adam", "Adam", "RMSprop"])
def test_an_optimizer_is_taken_in_any_case_as_keras_takes_it(name):
    assert optimizer(name) == name and keras.optimizers.get(name) is not None


@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (optimizer, "adamant", "'adamant' is not an optimizer of Keras, adadelta, .*, did you mean adam"),
        (optimizer, 3, "3 is not an optimizer of Keras, adadelta, adafactor, "),
        (loss, "categorical_crossentropi", "is not a loss of Keras, did you mean categorical_crossentropy?"),
        (loss, "Binary_Crossentropy", "is not a loss of Keras, did you mean binary_crossentropy?"),
        (loss, "zzz", "'zzz' is not a loss of Keras; choose one of binary_crossentropy, "),
        (fit_arguments, 3, r"kerasFitParams must be a dict of arguments of Model\.fit, not 3"),
        (fit_arguments, {3: 1}, "kerasFitParams must be a dict of arguments"),
        (fit_arguments, {"epoch": 1}, "'epoch' is not an argument .*, did you mean epochs?"),
        (fit_arguments, {"x": 1}, "'x' is not an argument .* can be set; choose from batch_size, epochs, "),
        (fit_arguments, {"epochs": -1}, "epochs must be a whole number of at least 1, not -1"),
        (fit_arguments, {"epochs": "two"}, "epochs must be a whole number of at least 1, not 'two'"),
        (fit_arguments, {"epochs": None}, "epochs must be a whole number of at least 1, not None"),
        (fit_arguments, {"batch_size": 0}, "batch_size must be a whole number of at least 1, or None, not 0"),
        (fit_arguments, {"validation_split": 1}, "validation_split must be a number of at least 0 and less"),
        (fit_arguments, {"verbose": "no"}, "verbose must be 0, 1, 2 or \"auto\", not 'no'"),
        (fit_arguments, {"class_weight": [1]}, r"class_weight must be a dict, or None, not \[1\]"),
        (fit_arguments, {"epochs": 2, "initial_epoch": 2}, "initial_epoch must be less than epochs, not 2"),
    ],
)
def test_what_keras_does_not_take_is_refused_in_one_line(check, value, message):
    with pytest.raises(TypeError, match=message) as refused:
        check(value)
    assert "\n" not in str(refused.value)


def test_what_keras_takes_is_given_as_it_is():
    given = {"epochs": np.int64(2), "batch_size": None, "verbose": "auto", "validation_split": 0.5}
    assert fit_arguments(given) is given
