"""The held-out predictions of one repeat, as arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

T = TypeVar("T")


@dataclass(frozen=True)
class Repeat:
    """The held-out predictions of one repeat: n images, k classes.

    Attributes
    ----------
    classes : tuple of str
    label, prediction : ndarray of int64, shape (n,)
        Places in `classes`.
    probability : ndarray of float64, shape (n, k)
    patient : ndarray of int64, shape (n,)
        Places in the sorted patients of all repeats.
    fold : ndarray of int64, shape (n,)
    """

    classes: tuple[str, ...]
    label: Codes
    prediction: Codes
    probability: Array
    patient: Codes
    fold: Codes
    _computed: dict[Callable[..., Any], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def actual(self) -> Mask:
        """Whether each image is of each class, shape (n, k)."""
        return self._one_hot(self.label)

    @property
    def predicted(self) -> Mask:
        """Whether each image is predicted as each class, shape (n, k)."""
        return self._one_hot(self.prediction)

    def once(self, compute: Callable[[Repeat], T]) -> T:
        """Return `compute(self)`, computed at the first call only: metrics of one family share it."""
        if compute not in self._computed:
            self._computed[compute] = compute(self)
        found: T = self._computed[compute]
        return found

    def _one_hot(self, codes: Codes) -> Mask:
        found: Mask = codes[:, None] == np.arange(len(self.classes))
        return found


def repeats_of(held_out: pd.DataFrame, classes: Sequence[str]) -> list[Repeat]:
    """Return the repeats in order, their images sorted by fold and id: the order of rows means nothing."""
    code = {name: place for place, name in enumerate(classes)}
    ordered = held_out.sort_values(["repeat", "fold", "image_id"], ignore_index=True)
    patient = patient_numbers(ordered)
    found = []
    for _, part in ordered.groupby("repeat"):
        found.append(
            Repeat(
                classes=tuple(classes),
                label=np.array([code[name] for name in part["label"]]),
                prediction=np.array([code[name] for name in part["prediction"]]),
                probability=np.array(part["probability"].tolist(), dtype=np.float64),
                patient=patient[part.index],
                fold=part["fold"].to_numpy(np.int64),
            )
        )
    return found


def patient_numbers(held_out: pd.DataFrame) -> Codes:
    """Return for each row its patient's place among the sorted patients."""
    numbers: Codes = np.unique(held_out["patient_id"].to_numpy(str), return_inverse=True)[1]
    return numbers
