"""What Keras's `compile` and `fit` take, known on the driver without loading Keras.

tests/unit/sparkdl/test_keras_arguments.py compares the names with those of the Keras that is installed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real
from typing import Any

from sparkdl.values import did_you_mean, is_whole

# Keras takes them in any case.
OPTIMIZERS = (
    *("adadelta", "adafactor", "adagrad", "adam", "adamax", "adamw", "ftrl", "lion", "nadam", "rmsprop"),
    "sgd",
)
# Keras takes them as they are written: a function's name, its abbreviation or its class.
LOSSES = (
    *("bce", "BCE", "binary_crossentropy", "BinaryCrossentropy"),
    *("binary_focal_crossentropy", "BinaryFocalCrossentropy"),
    *("categorical_crossentropy", "CategoricalCrossentropy"),
    *("categorical_focal_crossentropy", "CategoricalFocalCrossentropy"),
    *("categorical_hinge", "CategoricalHinge", "circle", "Circle", "cosine_similarity", "CosineSimilarity"),
    *("ctc", "CTC", "dice", "Dice", "hinge", "Hinge", "huber", "Huber"),
    *("kld", "KLD", "kl_divergence", "KLDivergence", "log_cosh", "LogCosh"),
    *("mae", "MAE", "mean_absolute_error", "MeanAbsoluteError"),
    *("mape", "MAPE", "mean_absolute_percentage_error", "MeanAbsolutePercentageError"),
    *("mse", "MSE", "mean_squared_error", "MeanSquaredError"),
    *("msle", "MSLE", "mean_squared_logarithmic_error", "MeanSquaredLogarithmicError"),
    *("poisson", "Poisson", "sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"),
    *("squared_hinge", "SquaredHinge", "tversky", "Tversky"),
)

Check = tuple[Callable[[Any], bool], str]


def _whole(least: int) -> Check:
    return lambda value: is_whole(value, least), f"a whole number of at least {least}"


def _or_none(check: Check) -> Check:
    holds, expected = check
    return lambda value: value is None or holds(value), f"{expected}, or None"


def _is_share(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real) and 0 <= float(value) < 1


def _is_verbosity(value: Any) -> bool:
    return isinstance(value, int | str) and value in (0, 1, 2, "auto")


_ANY: Check = (lambda value: True, "")
# The arguments of Model.fit but for the images and labels, and what can be known of their values here.
FIT_ARGUMENTS: dict[str, Check] = {
    "batch_size": _or_none(_whole(1)),
    "epochs": _whole(1),
    "verbose": (_is_verbosity, '0, 1, 2 or "auto"'),
    "callbacks": _ANY,
    "validation_split": (_is_share, "a number of at least 0 and less than 1"),
    "validation_data": _ANY,
    "shuffle": _ANY,
    "class_weight": (lambda value: value is None or isinstance(value, dict), "a dict, or None"),
    "sample_weight": _ANY,
    "initial_epoch": _whole(0),
    "steps_per_epoch": _or_none(_whole(1)),
    "validation_steps": _or_none(_whole(1)),
    "validation_batch_size": _or_none(_whole(1)),
    "validation_freq": _ANY,
}


def optimizer(value: Any) -> str:
    """Return the name of an optimizer; raise TypeError with the nearest one if it is not Keras's."""
    if isinstance(value, str) and value.lower() in OPTIMIZERS:
        return value
    known = ", ".join(OPTIMIZERS)
    raise TypeError(f"{value!r} is not an optimizer of Keras, {known}{did_you_mean(value, OPTIMIZERS)}")


def loss(value: Any) -> str:
    """Return the name of a loss; raise TypeError with the nearest one if it is not Keras's."""
    if isinstance(value, str) and value in LOSSES:
        return value
    # The functions' names are the longest list that can still be read.
    known = [name for name in LOSSES if name.islower() and len(name) > len("msle")]
    hint = did_you_mean(value, known) or f"; choose one of {', '.join(known)}"
    raise TypeError(f"{value!r} is not a loss of Keras{hint}")


def fit_arguments(value: Any) -> dict[str, Any]:
    """Return arguments of Keras's `Model.fit`.

    Raises
    ------
    TypeError
        If it is not a dict of them, or a value is one that Keras cannot take.
    """
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise TypeError(f"kerasFitParams must be a dict of arguments of Model.fit, not {value!r}")
    for name, one in value.items():
        if name not in FIT_ARGUMENTS:
            hint = did_you_mean(name, FIT_ARGUMENTS) or f"; choose from {', '.join(FIT_ARGUMENTS)}"
            raise TypeError(f"{name!r} is not an argument of Model.fit that can be set{hint}")
        holds, expected = FIT_ARGUMENTS[name]
        if not holds(one):
            raise TypeError(f"{name} must be {expected}, not {one!r}")
    _check_epochs(value)
    return value


def _check_epochs(given: dict[str, Any]) -> None:
    epochs, first = given.get("epochs", math.inf), given.get("initial_epoch", 0)
    if first >= epochs:
        raise TypeError(f"initial_epoch must be less than epochs, not {first} and {epochs}")
