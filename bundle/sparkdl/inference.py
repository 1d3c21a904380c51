"""Turn a Keras model into a function for inference, with batch normalisation folded into convolutions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt


def for_inference(model: Any, layers: Any, twin: Any = None) -> Callable[[Any], Any]:
    """Return a function of a batch that computes what `model` computes, up to rounding.

    With fixed statistics, batch normalisation multiplies each channel by a constant and adds another one
    (Ioffe & Szegedy 2015, arXiv:1502.03167). After a convolution the factor can be multiplied into the
    kernel, which saves a pass over the largest arrays of the network.

    Parameters
    ----------
    model : keras.Model
        Functional, with one input, one output and no layer used twice. Its kernels are changed. A model with
        operations that are not layers is called as a whole, with nothing folded.
    layers : module
        `keras.layers`, which the caller has imported.
    twin : keras.Model, optional
        The same model with variables of another precision, which is then the one that computes. It gets the
        folded weights, each rounded once.
    """
    computing = model if twin is None else twin
    if len(model.operations) != len(model.layers):
        _copy(model, computing)
        return lambda batch: computing(batch, training=False)
    source = {id(layer.output): layer for layer in model.layers}
    uses = Counter(id(tensor) for layer in model.layers for tensor in _inputs(layer))
    shifts: dict[str, npt.NDArray[np.float32] | None] = {}
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            before = source[id(layer.input)]
            if uses[id(layer.input)] == 1 and _is_linear(before, layers):
                shifts[layer.name] = _fold(layer, before)
    _copy(model, computing)
    layer_of = {own.name: other for own, other in zip(model.layers, computing.layers, strict=True)}

    def forward(batch: Any) -> Any:
        values = {id(model.inputs[0]): batch}
        for layer in model.layers[1:]:
            inputs = [values[id(tensor)] for tensor in _inputs(layer)]
            if layer.name not in shifts:
                output = layer_of[layer.name](inputs if isinstance(layer.input, list) else inputs[0])
            else:
                shift, kind = shifts[layer.name], inputs[0].dtype.as_numpy_dtype
                output = inputs[0] if shift is None else inputs[0] + shift.astype(kind)
            values[id(layer.output)] = output
        return values[id(model.outputs[0])]

    return forward


def _copy(model: Any, twin: Any) -> None:
    if twin is not model:
        for own, other in zip(model.weights, twin.weights, strict=True):
            other.assign(own)


def _inputs(layer: Any) -> list[Any]:
    return layer.input if isinstance(layer.input, list) else [layer.input]


def _is_linear(layer: Any, layers: Any) -> bool:
    kinds = (layers.Conv2D, layers.SeparableConv2D)
    return isinstance(layer, kinds) and layer.activation.__name__ == "linear"


def _fold(normalisation: Any, convolution: Any) -> npt.NDArray[np.float32] | None:
    """Fold a normalisation into the convolution before it.

    Returns the shift that has to be added after the convolution, or None where its bias takes it.
    """
    factor = 1 / np.sqrt(_float64(normalisation.moving_variance) + normalisation.epsilon)
    if normalisation.scale:
        factor = factor * _float64(normalisation.gamma)
    shift = -_float64(normalisation.moving_mean) * factor
    if normalisation.center:
        shift = shift + _float64(normalisation.beta)
    # The pointwise half of a separable convolution makes the channels that are normalised.
    kernel = getattr(convolution, "pointwise_kernel", None)
    kernel = convolution.kernel if kernel is None else kernel
    kernel.assign(_float64(kernel) * factor)
    if not convolution.use_bias:
        return np.asarray(shift, np.float32)
    convolution.bias.assign(_float64(convolution.bias) * factor + shift)
    return None


def _float64(variable: Any) -> npt.NDArray[np.float64]:
    return np.asarray(variable, np.float64)
