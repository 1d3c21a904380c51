"""A Keras model as a function for inference alone, with its normalisation folded into its convolutions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt


def for_inference(model: Any, layers: Any) -> Callable[[Any], Any]:
    """Return a function of a batch of inputs that gives what `model` does, to rounding.

    With fixed statistics, batch normalisation multiplies each channel by a number and adds another one
    (Ioffe & Szegedy 2015, arXiv:1502.03167). Behind a convolution the factor belongs into its kernel, which
    saves a pass over the largest arrays of the network.

    Parameters
    ----------
    model : keras.Model
        Functional, with one input, one output and no layer used twice. Its kernels are changed.
    layers : module
        `keras.layers`: whoever calls has loaded it.
    """
    source = {id(layer.output): layer for layer in model.layers}
    uses = Counter(id(tensor) for layer in model.layers for tensor in _inputs(layer))
    shifts: dict[str, npt.NDArray[np.float32] | None] = {}
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            before = source[id(layer.input)]
            if uses[id(layer.input)] == 1 and _is_linear(before, layers):
                shifts[layer.name] = _folded(layer, before)

    def forward(batch: Any) -> Any:
        values = {id(model.inputs[0]): batch}
        for layer in model.layers[1:]:
            inputs = [values[id(tensor)] for tensor in _inputs(layer)]
            if layer.name not in shifts:
                found = layer(inputs if isinstance(layer.input, list) else inputs[0])
            else:
                shift = shifts[layer.name]
                found = inputs[0] if shift is None else inputs[0] + shift
            values[id(layer.output)] = found
        return values[id(model.outputs[0])]

    return forward


def _inputs(layer: Any) -> list[Any]:
    return layer.input if isinstance(layer.input, list) else [layer.input]


def _is_linear(layer: Any, layers: Any) -> bool:
    kinds = (layers.Conv2D, layers.SeparableConv2D)
    return isinstance(layer, kinds) and layer.activation.__name__ == "linear"


def _folded(normalisation: Any, convolution: Any) -> npt.NDArray[np.float32] | None:
    """Have the convolution do what the normalisation does; return what is left to add, if anything."""
    factor = 1 / np.sqrt(_numbers(normalisation.moving_variance) + normalisation.epsilon)
    if normalisation.scale:
        factor = factor * _numbers(normalisation.gamma)
    shift = -_numbers(normalisation.moving_mean) * factor
    if normalisation.center:
        shift = shift + _numbers(normalisation.beta)
    # Of a separable convolution, the second half makes the channels that are normalised.
    kernel = getattr(convolution, "pointwise_kernel", None)
    kernel = convolution.kernel if kernel is None else kernel
    kernel.assign(_numbers(kernel) * factor)
    if not convolution.use_bias:
        return np.asarray(shift, np.float32)
    convolution.bias.assign(_numbers(convolution.bias) * factor + shift)
    return None


def _numbers(variable: Any) -> npt.NDArray[np.float64]:
    return np.asarray(variable, np.float64)
