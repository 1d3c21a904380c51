"""Which images and patients a figure speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from covid_xray.evaluation.metrics.repeat import Key, Mask, Repeat

# Figures that set classes against each other: they know no more than the smaller side tells.
_AGAINST_EACH_OTHER = ("balanced_accuracy", "macro_f1", "mcc", "macro_auroc")
_AGAINST_THE_REST = ("auroc", "auprc")


def concerned(repeat: Repeat, key: Key) -> Mask:
    """Tell which images the figure speaks of: those in its denominator."""
    metric, name = key
    everything = np.ones(len(repeat.label), dtype=np.bool_)
    if name is None:
        return everything
    place = repeat.classes.index(name)
    actual: Mask = repeat.label == place
    said: Mask = repeat.prediction == place
    match metric:
        case "recall" | "sensitivity_at_95_specificity":
            return actual
        case "specificity" | "specificity_achieved":
            return ~actual
        case "precision":
            return said
        case "f1":
            return actual | said
        case _:
            return everything


def count_images(repeats: Sequence[Repeat], key: Key) -> int:
    """Count the images concerned in one repeat, the rounded mean where the repeats differ."""
    return round(float(np.mean([concerned(repeat, key).sum() for repeat in repeats])))


def count_patients(repeats: Sequence[Repeat], key: Key) -> int:
    """Count the patients concerned, each once however many images and repeats it is in."""
    return _distinct(repeats, (concerned(repeat, key) for repeat in repeats))


def count_fewest(repeats: Sequence[Repeat], key: Key) -> int:
    """Count the patients on which a figure at the end of its range rests.

    The patients concerned; for a figure that sets classes against each other, those of the smallest.
    """
    metric, name = key
    if metric in _AGAINST_EACH_OTHER:
        sides = [[repeat.label == place for repeat in repeats] for place in range(len(repeats[0].classes))]
    elif metric in _AGAINST_THE_REST and name is not None:
        place = repeats[0].classes.index(name)
        of_class = [repeat.label == place for repeat in repeats]
        sides = [of_class, [~images for images in of_class]]
    else:
        return count_patients(repeats, key)
    return min(count for count in (_distinct(repeats, side) for side in sides) if count)


def _distinct(repeats: Sequence[Repeat], masks: Iterable[Mask]) -> int:
    found = [repeat.patient[images] for repeat, images in zip(repeats, masks, strict=True)]
    return len(np.unique(np.concatenate(found)))
