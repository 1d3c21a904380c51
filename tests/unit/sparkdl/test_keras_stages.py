"""The stages of models of one's own: their setters, what cannot be set, and what a loader returns."""

import numpy as np
import pytest
from sparkdl import (
    DeepImageFeaturizer,
    DeepImagePredictor,
    KerasImageFileEstimator,
    KerasImageFileTransformer,
    KerasTransformer,
    SparkdlError,
)
from sparkdl.keras_image import loaded_by

STAGES = [
    *(DeepImageFeaturizer, DeepImagePredictor, KerasImageFileEstimator, KerasImageFileTransformer),
    KerasTransformer,
]


@pytest.mark.parametrize("stage", STAGES)
def test_none_is_no_value_of_a_param(stage):
    one = stage()
    for param in one.params:
        setter = getattr(one, f"set{param.name[0].upper()}{param.name[1:]}")
        for way in (setter, lambda value, param=param: one.copy({param: value})):
            with pytest.raises(
                TypeError, match=f"^{stage.__name__}: {param.name} must not be None: leave it out"
            ):
                way(None)
        # Where it is the default, it is as not given, and a required Param is missed by `transform`.
        if stage.__init__.__wrapped__.__kwdefaults__[param.name] is None:
            assert not stage(**{param.name: None}).isSet(param.name)
            one.setParams(**{param.name: None})
        else:
            for way in (stage, one.setParams):
                with pytest.raises(TypeError, match=f"{param.name} must not be None"):
                    way(**{param.name: None})
        assert not one.isSet(param.name)


def test_every_param_of_an_estimator_has_a_setter_and_a_getter():
    one = KerasImageFileEstimator()
    assert (one.getKerasOptimizer(), one.getKerasFitParams()) == ("adam", {"verbose": 0})
    given = {"InputCol": "uri", "OutputCol": "out", "LabelCol": "label", "KerasOptimizer": "sgd"}
    given |= {
        "KerasLoss": "mse",
        "KerasFitParams": {"epochs": 2},
        "ImageLoader": np.load,
        "OutputMode": "image",
    }
    for name, value in given.items():
        assert getattr(one, f"set{name}")(value) is one and getattr(one, f"get{name}")() == value


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("kerasOptimizer", "adamant", "'adamant' is not an optimizer of Keras, .*, did you mean adam"),
        ("kerasLoss", "mean_square_error", "is not a loss of Keras, did you mean mean_squared_error"),
        ("kerasFitParams", {"epochs": -1}, "epochs must be a whole number of at least 1, not -1"),
        ("imageLoader", "load", "imageLoader must be a function from a URI to an array, not 'load'"),
    ],
)
def test_what_keras_would_refuse_in_a_task_is_refused_where_it_is_set(name, value, said):
    one = KerasImageFileEstimator()
    for way in (
        lambda: KerasImageFileEstimator(**{name: value}),
        lambda: one.copy({one.getParam(name): value}),
    ):
        with pytest.raises(TypeError, match=said):
            way()


@pytest.mark.parametrize(
    ("name", "value", "ends"),
    [
        ("modelName", "vgg16", "MobileNetV2, did you mean VGG16?"),
        ("precision", "float16", "'float16' is not one of float32, bfloat16"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest_that_means_the_same(name, value, ends):
    with pytest.raises(TypeError) as refused:
        DeepImageFeaturizer(**{name: value})
    assert str(refused.value).endswith(ends)


@pytest.mark.parametrize("stage", [KerasImageFileEstimator, KerasImageFileTransformer])
def test_a_stage_with_a_function_says_why_it_is_not_saved(stage):
    for save in (lambda: stage().save("somewhere"), lambda: stage().write()):
        with pytest.raises(
            SparkdlError, match=f"^{stage.__name__} cannot be saved, since imageLoader is a fun"
        ):
            save()


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (None, "imageLoader returned None for a.png, and the model takes an array of the shape (8, any, 3)"),
        ("a path", "imageLoader returned the text 'a path' for a.png, and the model takes an array of"),
        ({}, "imageLoader returned a dict for a.png, and the model takes an array of"),
        (np.zeros((8, 8)), "imageLoader returned an array of the shape (8, 8) for a.png, and the model"),
    ],
)
def test_what_a_loader_returns_is_named_with_its_file(returned, said):
    with pytest.raises(SparkdlError) as refused:
        loaded_by(lambda uri: returned, (8, None, 3))("a.png")
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ZeroDivisionError("by\nzero"), "imageLoader raised ZeroDivisionError for a.png: by zero"),
        (KeyError(), "imageLoader raised KeyError for a.png: no message"),
    ],
)
def test_an_error_of_a_loader_is_named_with_its_file(error, said):
    def load(uri):
        raise error

    with pytest.raises(SparkdlError) as refused:
        loaded_by(load, (8, 8, 3))("a.png")
    assert str(refused.value) == said and refused.value.__cause__ is error


@pytest.mark.parametrize("error", [OSError(), SyntaxError()])
def test_a_file_that_cannot_be_loaded_is_none(error):
    def load(uri):
        raise error

    assert loaded_by(load, None)("a.png") is None
