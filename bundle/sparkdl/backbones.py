"""The five networks of Deep Learning Pipelines 1.5, without their tops."""

from __future__ import annotations

from dataclasses import dataclass

from sparkdl.errors import SparkdlError

POOLINGS = ("published", "none", "avg", "max")


@dataclass(frozen=True)
class Backbone:
    """A network of keras.applications.

    Attributes
    ----------
    name : str
        As `DeepImageFeaturizer.modelName` and keras.applications know it.
    module : str
        Its module in keras.applications, which holds its `preprocess_input`.
    size : int
        Height and width of its input, in pixels.
    grid, channels : int
        Its output is grid x grid x channels.
    arrays, numbers : int
        Its weights: how many arrays, and how many numbers in all of them.
    published_pooling : str
        What Deep Learning Pipelines 1.5 gave: flattened (`none`), but averaged for ResNet50, whose Keras
        model then ended in a 7x7 average pool.
    """

    name: str
    module: str
    size: int
    grid: int
    channels: int
    arrays: int
    numbers: int
    published_pooling: str = "none"

    def pooling(self, pooling: str) -> str:
        """Return `none`, `avg` or `max` for one of `POOLINGS`."""
        return self.published_pooling if pooling == "published" else pooling

    def feature_length(self, pooling: str) -> int:
        """Return how many numbers an image becomes."""
        cells = self.grid**2 if self.pooling(pooling) == "none" else 1
        return cells * self.channels

    @property
    def weight_files(self) -> tuple[str, str]:
        """Names under which its weights are looked for in a folder: Keras 3 weights, Keras's own download."""
        own = f"{self.module}_weights_tf_dim_ordering_tf_kernels_notop.h5"
        return f"{self.name.lower()}_notop.weights.h5", own


BACKBONES = {
    backbone.name: backbone
    for backbone in (
        Backbone("InceptionV3", "inception_v3", 299, 8, 2048, arrays=376, numbers=21_802_784),
        Backbone("Xception", "xception", 299, 10, 2048, arrays=234, numbers=20_861_480),
        Backbone("ResNet50", "resnet50", 224, 7, 2048, 318, 23_587_712, published_pooling="avg"),
        Backbone("VGG16", "vgg16", 224, 7, 512, arrays=26, numbers=14_714_688),
        Backbone("VGG19", "vgg19", 224, 7, 512, arrays=32, numbers=20_024_384),
    )
}


def backbone(name: str) -> Backbone:
    """Return a network by name.

    Raises
    ------
    SparkdlError
        If it is not one of the five.
    """
    if name not in BACKBONES:
        raise SparkdlError(f"{name!r} is not a supported network; these are: {', '.join(BACKBONES)}")
    return BACKBONES[name]
