"""The supported networks of keras.applications, one record each, and the page of the docs made from them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Literal

from sparkdl.errors import SparkdlError

POOLINGS = ("published", "none", "avg", "max")


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """A network of keras.applications without its top. All that the project knows of it is in this record.

    Attributes
    ----------
    name : str
        Its class in keras.applications, and its `DeepImageFeaturizer.modelName`.
    module : str
        Its module in keras.applications, which has its `preprocess_input`.
    size : int
        Height and width of its input, in pixels.
    grid, channels : int
        The shape of its feature map is (grid, grid, channels).
    weight_arrays : int
        Number of arrays in a file of its weights.
    parameters : int
        Number of values in all of these arrays.
    keras_file : str
        File name of the ImageNet weights that Keras downloads. It does not follow from the module:
        ResNet50V2's starts with `resnet50v2`, MobileNet's with `mobilenet_1_0_224`.
    published_pooling : {"none", "avg"} or None
        What Deep Learning Pipelines 1.5 returned: the flattened map (`none`), but averaged for ResNet50,
        whose Keras model ended in a 7x7 average pool at that time. None for a network that it did not have.
    """

    name: str
    module: str
    size: int
    grid: int
    channels: int
    weight_arrays: int
    parameters: int
    keras_file: str
    published_pooling: Literal["none", "avg"] | None = None

    def pooling(self, pooling: str) -> str:
        """Return `none`, `avg` or `max` for one of `POOLINGS`.

        `published` is `none` for a network that Deep Learning Pipelines 1.5 did not have.
        """
        return self.published_pooling or "none" if pooling == "published" else pooling

    def feature_length(self, pooling: str) -> int:
        """Return the number of features per image."""
        cells = self.grid**2 if self.pooling(pooling) == "none" else 1
        return cells * self.channels

    @property
    def weight_files(self) -> tuple[str, str]:
        """File names that a folder of weights is searched for: Keras 3 weights, then Keras's own download."""
        return f"{self.name.lower()}_notop.weights.h5", self.keras_file


BACKBONES = {
    backbone.name: backbone
    for backbone in (
        Backbone(
            name="InceptionV3",
            module="inception_v3",
            size=299,
            grid=8,
            channels=2048,
            weight_arrays=376,
            parameters=21_802_784,
            keras_file="inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
            published_pooling="none",
        ),
        Backbone(
            name="Xception",
            module="xception",
            size=299,
            grid=10,
            channels=2048,
            weight_arrays=234,
            parameters=20_861_480,
            keras_file="xception_weights_tf_dim_ordering_tf_kernels_notop.h5",
            published_pooling="none",
        ),
        Backbone(
            name="ResNet50",
            module="resnet50",
            size=224,
            grid=7,
            channels=2048,
            weight_arrays=318,
            parameters=23_587_712,
            keras_file="resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
            published_pooling="avg",
        ),
        Backbone(
            name="VGG16",
            module="vgg16",
            size=224,
            grid=7,
            channels=512,
            weight_arrays=26,
            parameters=14_714_688,
            keras_file="vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
            published_pooling="none",
        ),
        Backbone(
            name="VGG19",
            module="vgg19",
            size=224,
            grid=7,
            channels=512,
            weight_arrays=32,
            parameters=20_024_384,
            keras_file="vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
            published_pooling="none",
        ),
    )
}


def backbone(name: str) -> Backbone:
    """Return a network by name.

    Raises
    ------
    SparkdlError
        If it is not in `BACKBONES`.
    """
    if name not in BACKBONES:
        raise SparkdlError(f"{name!r} is not a supported network; choose one of {', '.join(BACKBONES)}")
    return BACKBONES[name]


_PAGE = """\
# Backbones

For anyone who chooses a backbone, or supplies its weights where there is no internet.

| name | input, pixels | features, flat | features, pooled | ImageNet weights file of Keras | in sparkdl 1.5 |
|---|---|---|---|---|---|
{rows}

`pooling: published` gives what sparkdl 1.5 (Deep Learning Pipelines) gave, and flat features for a network
that it did not have; `none` gives flat features, `avg` and `max` give pooled ones.

A folder given as `--weights` holds Keras's file under the name above, or weights saved by Keras 3 under
`<name in lower case>_notop.weights.h5`.

This page is generated: `.venv/bin/python -m sparkdl.backbones >docs/backbones.md` regenerates it.
"""
_IN_1_5 = {"none": "flat", "avg": "averaged", None: "no"}


def document() -> str:
    """Return the text of docs/backbones.md."""
    return _PAGE.format(rows="\n".join(_row(net) for net in BACKBONES.values()))


def _row(net: Backbone) -> str:
    flat = f"{net.feature_length('none'):,} ({net.grid} x {net.grid} x {net.channels:,})"
    cells = (net.name, f"{net.size} x {net.size}", flat, f"{net.channels:,}", f"`{net.keras_file}`")
    return f"| {' | '.join(cells)} | {_IN_1_5[net.published_pooling]} |"


if __name__ == "__main__":
    sys.stdout.write(document())
