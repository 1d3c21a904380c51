"""The shape of a model's output, as far as its architecture tells before it is built.

Keras writes the shape that a layer was built for, but not the one that it returns. What is known here are the
layers that models of classes and of images end in.
"""

from __future__ import annotations

from typing import Any

Shape = tuple[int | None, ...]

_KEEP_THE_SHAPE = ("Activation", "Dropout", "ReLU", "Rescaling", "Softmax")


def output_shape(model: Any) -> Shape | None:
    """Return the shape of the output for one input of an architecture; None if it is not known.

    Parameters
    ----------
    model : dict
        As Keras writes it: `class_name`, and `config` with `layers`.
    """
    config = model.get("config")
    layers = config.get("layers") if isinstance(config, dict) else config
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
        return None
    last = layers[-1:] if model.get("class_name") == "Sequential" else _outputs(config, layers)
    if len(last) != 1 or not isinstance(last[0].get("config"), dict):
        return None
    return output_shape(last[0]) if "layers" in last[0]["config"] else _of_layer(last[0])


def _outputs(config: Any, layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the layers whose results are the outputs: written as [name, 0, 0] if there is one, or a list."""
    named = config.get("output_layers") if isinstance(config, dict) else None
    if not isinstance(named, list) or not named:
        return []
    names = [named[0]] if isinstance(named[0], str) else [one[0] for one in named if isinstance(one, list)]
    return [layer for layer in layers if layer.get("name") in names]


def _of_layer(layer: dict[str, Any]) -> Shape | None:
    kind, own, given = str(layer.get("class_name")), layer["config"], _built_for(layer)
    if kind == "Flatten" or (kind.startswith("Global") and not own.get("keepdims")):
        return (None,)
    if given is not None and kind == "Dense":
        return (*given[:-1], own.get("units"))
    return given if kind in _KEEP_THE_SHAPE else None


def _built_for(layer: dict[str, Any]) -> Shape | None:
    """Return the shape of one input of a layer, from how it was built or from what it is connected to."""
    built = layer.get("build_config")
    shape = built.get("input_shape") if isinstance(built, dict) else None
    if shape is None:
        try:
            shape = layer["inbound_nodes"][0]["args"][0]["config"]["shape"]
        except (KeyError, IndexError, TypeError):
            return None
    return tuple(shape[1:]) if isinstance(shape, list) else None
