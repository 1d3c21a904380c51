"""What networks rely on: what they reach with parts of the pictures hidden, and what they know of sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from pyspark.sql import functions as F

from covid_xray.evaluation.results_model import Comparison, Result
from covid_xray.storage.tables import Tables

# What is left to see, in the words of the page.
SEES = {
    "lungs_blanked": "all but the lungs: the lung box has the mean grey of the rest",
    "lungs_only": "the lungs alone: all around the lung box has its mean grey",
    "shuffled": "16 x 16 blocks of the picture in a random order, so no anatomy",
}


@dataclass(frozen=True)
class Hidden:
    """A network retrained on pictures with a part hidden.

    Attributes
    ----------
    network, result : Result
        With the whole picture, and without the part.
    sees : str
        What is left to see.
    change : Comparison or None
        The network's accuracy minus that without the part, under the headline protocol.
    """

    network: Result
    result: Result
    sees: str
    change: Comparison | None


def hidden(
    networks: Iterable[Result], occluded: Iterable[Result], comparisons: Iterable[Comparison]
) -> list[Hidden]:
    """Return the networks of a task that were retrained with parts hidden, beside what they were before.

    Parameters
    ----------
    networks, occluded : iterable of Result
        Of one task, with results.
    """
    of_name = {network.name: network for network in networks}
    compared = {
        (found.task, found.protocol, found.first, found.second_kind): found
        for found in comparisons
        if found.first == found.second
    }
    return [
        Hidden(
            of_name[result.name],
            result,
            SEES[result.kind],
            compared.get((result.task, result.headline_protocol, result.name, result.kind)),
        )
        for result in occluded
        if result.name in of_name
    ]


@dataclass(frozen=True)
class SourceProbe:
    """A row of the table `source_probes`, without the images."""

    backbone: str
    label: str
    source: str
    is_control: bool
    auroc: float
    ci_low: float
    ci_high: float
    n: int
    n_patients: int

    @property
    def value(self) -> float:
        """The area, as `wording.area` takes it."""
        return self.auroc


def read_probes(tables: Tables, shown: Sequence[Mapping[str, Any]]) -> list[SourceProbe]:
    """Return the probes of the networks that are shown, sorted.

    Parameters
    ----------
    shown : sequence of mapping
        Rows of `runs`.
    """
    networks = {(row["run_id"], row["backbone"]) for row in shown}
    own = F.col("run_id").isin(sorted({run_id for run_id, _ in networks}))
    columns = [field.name for field in fields(SourceProbe)]
    rows = tables.read("source_probes").where(own).orderBy("label", "is_control", "source", "backbone")
    return [
        SourceProbe(**{name: row[name] for name in columns})
        for row in rows.select("run_id", *columns).collect()
        if (row["run_id"], row["backbone"]) in networks
    ]


def not_probed(sources: Mapping[str, Mapping[str, int]], unknown: str, probed: Iterable[str]) -> list[str]:
    """Return for each class without a probe why there is none, in words.

    Parameters
    ----------
    sources : mapping
        By class: images of each source.
    unknown : str
        Stands for a source that is not known.
    probed : iterable of str
        The classes with probes.
    """
    if not sources:
        return ["The sources of the images are not known, so whether features tell them is not estimable."]
    reasons, done = [], set(probed)
    for label, counts in sources.items():
        known = [source for source in counts if source != unknown]
        if label in done:
            continue
        if not known:
            why = "the sources of its images are not known"
        elif len(known) == 1:
            whose = "all its images" if counts.keys() == set(known) else "all its images of a known source"
            why = f"{whose} come from {known[0]}"
        else:
            why = "its sources have images of too few patients"
        reasons.append(f"{label}: not estimable, as {why}.")
    return reasons
