"""What is known of a network that turns images into features, and a network from a file of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

POOLINGS = ("published", "none", "avg", "max")
# What a network takes for pixels of 0 to 255: what Keras's `preprocess_input` makes of them in one of its
# three modes, 0 to 1, or the pixels themselves.
Preprocessing = Literal["caffe", "tf", "torch", "unit", "none"]


@dataclass(frozen=True, kw_only=True)
class FeatureNetwork:
    """A network without its top.

    Attributes
    ----------
    name : str
    size : int
        Height and width of its input, in pixels.
    grid, channels : int
        The shape of its feature map is (grid, grid, channels).
    published_pooling : {"none", "avg"} or None
        What Deep Learning Pipelines 1.5 returned: the flattened map (`none`), but averaged for ResNet50,
        whose Keras model ended in a 7x7 average pool at that time. None for a network that it did not have.
    """

    name: str
    size: int
    grid: int
    channels: int
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


@dataclass(frozen=True, kw_only=True)
class OwnModel(FeatureNetwork):
    """A whole Keras model in a file, which is given where other networks are given their weights.

    A model whose output is one vector for an image counts as one with a map of a single cell.

    Attributes
    ----------
    inputs : {3, 1}
        Channels of its input: colour, or grey.
    preprocessing : str
    """

    inputs: Literal[3, 1] = 3
    preprocessing: Preprocessing = "none"
