"""The supported networks of keras.applications, one record each, and the page of the docs made from them."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from sparkdl.errors import SparkdlError
from sparkdl.feature_network import FeatureNetwork, Preprocessing

# What the top of a network tells apart.
IMAGENET_CLASSES = 1000


@dataclass(frozen=True)
class KerasFile:
    """The ImageNet weights that Keras downloads.

    Attributes
    ----------
    name : str
        The file. It does not follow from the network's module: that of ResNet50V2 starts with `resnet50v2`.
    arrays : int
        Number of arrays in a file of such weights.
    parameters : int
        Number of values in all of these arrays.
    """

    name: str
    arrays: int
    parameters: int


@dataclass(frozen=True, kw_only=True)
class Backbone(FeatureNetwork):
    """A network of keras.applications. All that the project knows of it is in this record.

    Attributes
    ----------
    module : str
        Its module in keras.applications, which has its `preprocess_input`.
    notop, top : KerasFile
        Weights of the network without its top, and with it.
    application : str
        Its class in keras.applications; empty where that is its name, as of all in `BACKBONES`.
    preprocessing : str or None
        As of `OwnModel`; None for the `preprocess_input` of its module.
    """

    module: str
    notop: KerasFile
    top: KerasFile
    application: str = ""
    preprocessing: Preprocessing | None = None

    @property
    def architecture(self) -> str:
        """Its class in keras.applications, and its `DeepImageFeaturizer.modelName`."""
        return self.application or self.name

    def keras_file(self, top: bool = False) -> KerasFile:
        """Return the weights with or without the top."""
        return self.top if top else self.notop

    def weight_files(self, top: bool = False) -> tuple[str, str]:
        """Return the names that a folder is searched for: weights saved by Keras 3, then Keras's download."""
        name = self.architecture.lower() if top else f"{self.architecture.lower()}_notop"
        return f"{name}.weights.h5", self.keras_file(top).name


BACKBONES = {
    backbone.name: backbone
    for backbone in (
        Backbone(
            name="InceptionV3",
            module="inception_v3",
            size=299,
            grid=8,
            channels=2048,
            notop=KerasFile("inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5", 376, 21_802_784),
            top=KerasFile("inception_v3_weights_tf_dim_ordering_tf_kernels.h5", 378, 23_851_784),
            published_pooling="none",
        ),
        Backbone(
            name="Xception",
            module="xception",
            size=299,
            grid=10,
            channels=2048,
            notop=KerasFile("xception_weights_tf_dim_ordering_tf_kernels_notop.h5", 234, 20_861_480),
            top=KerasFile("xception_weights_tf_dim_ordering_tf_kernels.h5", 236, 22_910_480),
            published_pooling="none",
        ),
        Backbone(
            name="ResNet50",
            module="resnet50",
            size=224,
            grid=7,
            channels=2048,
            notop=KerasFile("resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5", 318, 23_587_712),
            top=KerasFile("resnet50_weights_tf_dim_ordering_tf_kernels.h5", 320, 25_636_712),
            published_pooling="avg",
        ),
        Backbone(
            name="VGG16",
            module="vgg16",
            size=224,
            grid=7,
            channels=512,
            notop=KerasFile("vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5", 26, 14_714_688),
            top=KerasFile("vgg16_weights_tf_dim_ordering_tf_kernels.h5", 32, 138_357_544),
            published_pooling="none",
        ),
        Backbone(
            name="VGG19",
            module="vgg19",
            size=224,
            grid=7,
            channels=512,
            notop=KerasFile("vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5", 32, 20_024_384),
            top=KerasFile("vgg19_weights_tf_dim_ordering_tf_kernels.h5", 38, 143_667_240),
            published_pooling="none",
        ),
        Backbone(
            name="DenseNet121",
            module="densenet",
            size=224,
            grid=7,
            channels=1024,
            notop=KerasFile("densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5", 604, 7_037_504),
            top=KerasFile("densenet121_weights_tf_dim_ordering_tf_kernels.h5", 606, 8_062_504),
        ),
        Backbone(
            name="EfficientNetV2B0",
            module="efficientnet_v2",
            size=224,
            grid=7,
            channels=1280,
            notop=KerasFile("efficientnetv2-b0_notop.h5", 359, 5_919_312),
            top=KerasFile("efficientnetv2-b0.h5", 361, 7_200_312),
        ),
        Backbone(
            name="MobileNetV2",
            module="mobilenet_v2",
            size=224,
            grid=7,
            channels=1280,
            notop=KerasFile(
                "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5", 260, 2_257_984
            ),
            top=KerasFile("mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5", 262, 3_538_984),
        ),
    )
}
# Those of Deep Learning Pipelines 1.5, with which the published system ran.
PUBLISHED = tuple(net.name for net in BACKBONES.values() if net.published_pooling is not None)


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
`<name in lower case>_notop.weights.h5`. [DeepImagePredictor](sparkdl/DeepImagePredictor.md) needs weights
with the top: Keras's file for it, or `<name in lower case>.weights.h5`.

`run all` takes the networks of sparkdl 1.5; a run of another one is typed, as
`run DenseNet121_binary_classification`. [own_networks.md](own_networks.md) adds networks of your own. In
bfloat16, with random weights, features of MobileNetV2 and EfficientNetV2B0 keep a cosine of 0.987 and 0.96
only with those in float32, of the others at least 0.9998; trained weights of these two were not measured.

This page is generated: `.venv/bin/python -m sparkdl.backbones >docs/backbones.md` regenerates it.
"""
_IN_1_5 = {"none": "flat", "avg": "averaged", None: "no"}


def document() -> str:
    """Return the text of docs/backbones.md."""
    return _PAGE.format(rows="\n".join(_row(net) for net in BACKBONES.values()))


def _row(net: Backbone) -> str:
    flat = f"{net.feature_length('none'):,} ({net.grid} x {net.grid} x {net.channels:,})"
    cells = (net.name, f"{net.size} x {net.size}", flat, f"{net.channels:,}", f"`{net.notop.name}`")
    return f"| {' | '.join(cells)} | {_IN_1_5[net.published_pooling]} |"


if __name__ == "__main__":
    sys.stdout.write(document())
