"""The source probe: how well a network's features tell the sources of one class apart.

Within a class the finding is the same, so features that tell its sources apart hold the hospital, the device
or the file. The same of two random halves of one source shows what chance would give.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from covid_xray.evaluation.metrics import estimates

# The classes of a probe, and its protocol; the positive class is first.
SOURCE, OTHERS = "source", "others"
CLASSES = (SOURCE, OTHERS)
PROTOCOL = "source_probe"


@dataclass(frozen=True)
class Probe:
    """One question: can images of a source be told from the others of its class?

    Attributes
    ----------
    label : str
        The class.
    source : str
        The source; of a control, the one whose patients were halved at random.
    is_control : bool
    splits : pandas.DataFrame
        Columns of the table `splits`, with `label` one of `CLASSES`, `task` the probe's name and each image
        held out in one fold; all images of a patient are in the same.
    """

    label: str
    source: str
    is_control: bool
    splits: pd.DataFrame


@dataclass(frozen=True)
class Probed:
    """The answer.

    Attributes
    ----------
    auroc, ci_low, ci_high : float
        Mean over folds of the AUROC of the source, with the 95 % interval of a bootstrap over patients.
    n, n_patients : int
    """

    auroc: float
    ci_low: float | None
    ci_high: float | None
    n: int
    n_patients: int


def probes(images: pd.DataFrame, folds: int, seed: int) -> list[Probe]:
    """Return the probes that some images allow.

    Parameters
    ----------
    images : pandas.DataFrame
        Columns `image_id`, `label`, `patient_id`, `source`, a row an image; the source may be unknown.
    folds : int
        Of the cross-validation. Either side of a probe must have images of so many patients.
    seed : int
        Of the folds, and of the halves.

    Returns
    -------
    list of Probe
        For each class of several sources: one for each source (of two, only the first), and the control, of
        the source with most patients.
    """
    ordered = images.dropna(subset="source").sort_values("image_id", ignore_index=True)
    found: list[Probe] = []
    for label, of_class in ordered.groupby("label"):
        sources = sorted(of_class["source"].unique())
        asked = sources[:1] if len(sources) == 2 else sources if len(sources) > 2 else []
        for source in asked:
            is_source = (of_class["source"] == source).to_numpy()
            found += _probe(str(label), source, False, of_class, is_source, folds, seed)
        if any(probe.label == label for probe in found):
            largest = of_class.groupby("source")["patient_id"].nunique().idxmax()
            own = of_class[of_class["source"] == largest]
            found += _probe(str(label), str(largest), True, own, _half(own, seed), folds, seed)
    return found


def probed(predictions: pd.DataFrame, resamples: int, seed: int) -> Probed:
    """Measure a probe.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Of its images, as `Folds.predictions` returns them, the label among `CLASSES`.

    Notes
    -----
    Images are ranked within their fold alone. A fold that holds out more of a source leaves less of it to
    train on, and so its probabilities are lower: ranked together, images of few patients would look worse
    than guessing (Forman & Scholz 2010, "Apples-to-apples in cross-validation studies",
    doi:10.1145/1882471.1882479).
    """
    by_fold = predictions.assign(repeat=predictions["fold"])
    found = {(one.metric, one.class_): one for one in estimates(by_fold, CLASSES, resamples, seed)}
    area = found["auroc", SOURCE]
    patients = predictions["patient_id"].nunique()
    return Probed(area.value, area.ci_low, area.ci_high, len(predictions), patients)


def _probe(
    label: str,
    source: str,
    is_control: bool,
    images: pd.DataFrame,
    is_source: np.ndarray[tuple[int], np.dtype[np.bool_]],
    folds: int,
    seed: int,
) -> Iterator[Probe]:
    """Yield the probe, unless either side has too few patients."""
    # Imported here: workers import this package too, and importing scikit-learn takes seconds.
    from sklearn.model_selection import StratifiedKFold

    # Patients are drawn, those with images of both sides as of the source: every fold then holds out both.
    patients = pd.Series(is_source).groupby(images["patient_id"].to_numpy()).any()
    if min(patients.sum(), (~patients).sum()) < folds:
        return
    draw = StratifiedKFold(folds, shuffle=True, random_state=seed)
    held_out = {
        patient: number
        for number, (_, places) in enumerate(draw.split(patients, patients))
        for patient in patients.index[places]
    }
    name = f"{label}: {'half of ' if is_control else ''}{source}"
    drawn = images.assign(
        label=np.where(is_source, SOURCE, OTHERS),
        task=name,
        protocol=PROTOCOL,
        repeat=0,
        fold=images["patient_id"].map(held_out),
    )
    yield Probe(label, source, is_control, drawn)


def _half(images: pd.DataFrame, seed: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which images are of a random half of the patients."""
    patients = np.array(sorted(images["patient_id"].unique()), dtype=object)
    chosen = np.random.default_rng(seed).permutation(len(patients))[: len(patients) // 2]
    return images["patient_id"].isin(patients[chosen]).to_numpy()
