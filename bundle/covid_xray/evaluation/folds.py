"""The classifiers that cross-validation asks for, and the images that each holds out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from logistic.rows import Fit, Labels

Array = npt.NDArray[np.float64]

_SPLIT = ["task", "protocol", "repeat"]


@dataclass(frozen=True)
class Folds:
    """The folds of some splits, in the order of task, protocol, repeat and fold.

    Attributes
    ----------
    images : pandas.DataFrame
        Columns `image_id`, sorted, `patient_id` and `label`.
    tasks : tuple of str
    classes : tuple of tuple of str
        Of each task, in the order of `probability`.
    labels : Labels
        Of `images`.
    fits : tuple of Fit
    names : tuple of (str, int)
        Protocol and repeat of each column of `labels.folds`.
    """

    images: pd.DataFrame
    tasks: tuple[str, ...]
    classes: tuple[tuple[str, ...], ...]
    labels: Labels
    fits: tuple[Fit, ...]
    names: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, splits: pd.DataFrame, tasks: Mapping[str, Sequence[str]], balanced: bool = False) -> Folds:
        """Number the images, classes and splits.

        Parameters
        ----------
        splits : pandas.DataFrame
            Rows of the table `splits` of one run.
        tasks : mapping of str to sequence of str
            The classes of each task.
        balanced : bool
            Whether the groups of images of one class and one source are to weigh equally.
        """
        columns = ["image_id", "patient_id", "label"]
        distinct = splits.drop_duplicates("image_id").sort_values("image_id", ignore_index=True)
        images = distinct[columns]
        place_of = pd.Series(images.index, index=images["image_id"])
        names = sorted(set(splits["task"]))
        codes = np.full((len(images), len(names)), -1, np.int8)
        fits: list[Fit] = []
        of_splits, protocols = list[npt.NDArray[np.int16]](), list[tuple[str, int]]()
        parts: Any = splits.groupby(_SPLIT)
        for (name, protocol, repeat), part in parts:
            task, places = names.index(name), place_of[part["image_id"]].to_numpy()
            codes[places, task] = pd.Categorical(part["label"], list(tasks[name])).codes
            own = np.full(len(images), -1, np.int16)
            own[places] = part["fold"].fillna(-1)
            fits += [Fit(task, len(of_splits), fold) for fold in sorted(set(own[own >= 0].tolist()))]
            of_splits.append(own)
            protocols.append((str(protocol), int(repeat)))
        folds = np.stack(of_splits, axis=1)
        groups = distinct.groupby(["label", "source"]).ngroup().to_numpy(np.int16) if balanced else None
        # Every pass sends them to the workers: as few bytes as will do.
        labels = Labels(codes, folds.astype(np.int8) if folds.max() < 128 else folds, groups)
        classes = tuple(tuple(tasks[name]) for name in names)
        return cls(images, tuple(names), classes, labels, tuple(fits), tuple(protocols))

    @property
    def ids(self) -> tuple[str, ...]:
        """The images, sorted."""
        return tuple(self.images["image_id"])

    @property
    def n_classes(self) -> list[int]:
        """The number of classes of each task."""
        return [len(names) for names in self.classes]

    def whole(self, tasks: Sequence[str]) -> list[Fit]:
        """Return a fit on all images of each task."""
        return [Fit(self.tasks.index(task)) for task in tasks]

    def predictions(self, probabilities: Sequence[Array]) -> pd.DataFrame:
        """Return the predictions of all fits for the images that they hold out.

        Parameters
        ----------
        probabilities : sequence of ndarray of float64, each of shape (h, k)
            Of each fit for its held-out images, in the order of `images`.

        Returns
        -------
        pandas.DataFrame
            Columns `task`, `protocol`, `repeat`, `fold`, `image_id`, `patient_id`, `label`, `prediction` and
            `probability`, in the order of the fits and within them of the images.
        """
        parts = [self.predictions_of(fit, found) for fit, found in zip(self.fits, probabilities, strict=True)]
        return pd.concat(parts, ignore_index=True)

    def predictions_of(self, fit: Fit, probability: Array) -> pd.DataFrame:
        """Return the same of one fit."""
        protocol, repeat = self.names[fit.split or 0]
        held_out = self.images[fit.held_out(self.labels)]
        named = held_out.assign(task=self.tasks[fit.task], protocol=protocol, repeat=repeat, fold=fit.fold)
        return with_predictions(named, self.classes[fit.task], probability)


def with_predictions(images: pd.DataFrame, classes: Sequence[str], probability: Array) -> pd.DataFrame:
    """Add the columns `prediction`, the most probable class, and `probability`, from shape (images, k)."""
    predicted = np.array(classes, dtype=object)[probability.argmax(axis=1)]
    return images.assign(prediction=predicted, probability=probability.tolist())
