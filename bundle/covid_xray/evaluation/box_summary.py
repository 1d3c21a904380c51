"""How much of the maps lies in the lung box, over the images of a task."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from covid_xray.evaluation.lung_box import LUNG_BOX, Box, box_area
from covid_xray.evaluation.metrics.bootstrap import Interval, bootstrap_weights, percentiles


@dataclass(frozen=True)
class BoxSummary:
    """A mean share of positive mass in the box, 0 to 1, with its 95 % interval.

    Attributes
    ----------
    value, ci_low, ci_high : float
        NaN where no map is positive anywhere.
    n, n_patients : int
        Images and patients behind it.
    area : float
        The box's share of the picture, which a map without regard to lungs would reach.
    """

    value: float
    ci_low: float
    ci_high: float
    n: int
    n_patients: int
    area: float


def box_summary(rows: pd.DataFrame, resamples: int, seed: int, box: Box = LUNG_BOX) -> BoxSummary:
    """Average `box_share`, with a bootstrap interval over patients.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of `explanations` of one task, or of one class of it: columns `patient_id` and `box_share`. Those
        without a share, whose map is positive nowhere, do not count.
    resamples : int
        How often the patients are drawn anew, with all their images.
    seed : int
    box : Box
        The one that the shares are of.
    """
    known = rows.dropna(subset=["box_share"])
    of_patient = known.groupby("patient_id")["box_share"].agg(["sum", "count"]).to_numpy()
    if known.empty:
        return BoxSummary(np.nan, np.nan, np.nan, 0, 0, box_area(box))
    low, high = _interval(of_patient, resamples, seed)
    mean = float(known["box_share"].mean())
    return BoxSummary(mean, low, high, len(known), len(of_patient), box_area(box))


def _interval(of_patient: npt.NDArray[np.float64], resamples: int, seed: int) -> Interval:
    patients = len(of_patient)
    weights = bootstrap_weights(patients, resamples, seed, patients)
    drawn = [chunk @ of_patient for chunk in weights]
    sums, images = np.concatenate(drawn).T
    return percentiles(sums / images)
