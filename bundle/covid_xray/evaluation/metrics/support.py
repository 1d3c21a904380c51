"""The support of a metric: the images it counts, and their numbers of images and patients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from covid_xray.evaluation.metrics.repeat import Mask, Repeat


@dataclass(frozen=True)
class Support:
    """Images in the denominator of a metric.

    Attributes
    ----------
    description : str
        As it stands in the table of metrics.
    images : callable
        From a repeat and a class's place, None over all classes, to ndarray of bool, shape (n,).
    """

    description: str
    images: Callable[[Repeat, int | None], Mask]

    def of(self, repeats: Iterable[Repeat], place: int | None) -> list[Mask]:
        """Return these images of each repeat."""
        return [self.images(repeat, place) for repeat in repeats]


ALL_IMAGES = Support("all images", lambda repeat, _: np.ones(len(repeat.label), dtype=np.bool_))
OF_CLASS = Support("images of the class", lambda repeat, place: repeat.label == place)
OF_OTHER_CLASSES = Support("images of other classes", lambda repeat, place: repeat.label != place)
PREDICTED = Support("images predicted as the class", lambda repeat, place: repeat.prediction == place)
OF_CLASS_OR_PREDICTED = Support(
    "images of the class or predicted as it",
    lambda repeat, place: (repeat.label == place) | (repeat.prediction == place),
)


def count_images(masks: Sequence[Mask]) -> int:
    """Count the images in one repeat, the rounded mean where the repeats differ."""
    return round(float(np.mean([mask.sum() for mask in masks])))


def count_patients(repeats: Sequence[Repeat], masks: Sequence[Mask]) -> int:
    """Count the patients, each once however many images and repeats it is in."""
    found = [repeat.patient[images] for repeat, images in zip(repeats, masks, strict=True)]
    return len(np.unique(np.concatenate(found)))


def count_fewest_patients(repeats: Sequence[Repeat], sides: Sequence[Support], place: int | None) -> int:
    """Count the patients of the smallest of these sides, over all classes of the smallest class.

    A side without any patient does not count.
    """
    places = range(len(repeats[0].classes)) if place is None else [place]
    counts = [count_patients(repeats, side.of(repeats, at)) for side in sides for at in places]
    return min(count for count in counts if count)
