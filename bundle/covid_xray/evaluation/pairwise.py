"""Pairwise comparisons of classifiers: pure functions of predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import pandas as pd
from radiograph import OCCLUSIONS

from covid_xray.evaluation.metrics import difference, holm
from covid_xray.evaluation.results import Kind


@dataclass(frozen=True)
class Classifier:
    """A network or a baseline, identified by the columns `kind` and `backbone` of its predictions."""

    kind: Kind
    name: str


Predictions = Mapping[Classifier, pd.DataFrame]


def comparisons(predictions: Predictions, resamples: int, seed: int) -> list[dict[str, Any]]:
    """Compare classifiers of one task and protocol.

    All pairs of networks and each network with the best baseline are one family of comparisons; each network
    with itself, trained on pictures with parts hidden, another.

    Parameters
    ----------
    predictions : mapping of Classifier to pandas.DataFrame
        Predictions of each classifier for the same held-out images.
    resamples, seed : int
        Parameters of the bootstrap over patients.

    Returns
    -------
    list of dict
        Columns of the table `comparisons` except run, task and protocol. P values are corrected for all
        comparisons of a family (Holm 1979, Scandinavian Journal of Statistics 6).
    """
    families = (list(_pairs(predictions)), list(_with_parts_hidden(predictions)))
    return [row for pairs in families for row in _compared(pairs, predictions, resamples, seed)]


def best_baseline(predictions: Predictions) -> Classifier | None:
    """Return the baseline with the highest accuracy, which a network should exceed; None if there is none."""
    baselines = [classifier for classifier in predictions if classifier.kind == "baseline"]
    return max(baselines, key=lambda baseline: _accuracy(predictions[baseline]), default=None)


def _compared(
    pairs: Sequence[tuple[Classifier, Classifier]], predictions: Predictions, resamples: int, seed: int
) -> list[dict[str, Any]]:
    rows = [
        {
            "first_kind": first.kind,
            "first": first.name,
            "second_kind": second.kind,
            "second": second.name,
            **_columns(asdict(difference(predictions[first], predictions[second], resamples, seed))),
        }
        for first, second in pairs
    ]
    corrected = holm([row["p_value"] for row in rows])
    return [row | {"p_holm": p} for row, p in zip(rows, corrected, strict=True)]


def _pairs(predictions: Predictions) -> Iterator[tuple[Classifier, Classifier]]:
    networks = [classifier for classifier in predictions if classifier.kind == "backbone"]
    yield from combinations(networks, 2)
    best = best_baseline(predictions)
    if best is not None:
        yield from ((network, best) for network in networks)


def _with_parts_hidden(predictions: Predictions) -> Iterator[tuple[Classifier, Classifier]]:
    for occluded in predictions:
        network = Classifier("backbone", occluded.name)
        if occluded.kind in OCCLUSIONS and network in predictions:
            yield network, occluded


def _accuracy(held_out: pd.DataFrame) -> float:
    correct = held_out["label"] == held_out["prediction"]
    return float(correct.groupby(held_out["repeat"]).mean().mean())


def _columns(result: dict[str, Any]) -> dict[str, Any]:
    result["difference"] = result.pop("value")
    return result
