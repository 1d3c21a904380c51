"""How each network does in groups of images, as a page shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
from pyspark.sql import functions as F

from covid_xray.evaluation.protocols import INTERNAL
from covid_xray.evaluation.results import to_value
from covid_xray.evaluation.results_model import Result, Value
from covid_xray.evaluation.strata import ATTRIBUTES, METRICS, ORDER
from covid_xray.evaluation.wording import with_interval
from covid_xray.progress import counted
from covid_xray.storage.tables import Tables

_ACCURACY, _RECALL, _ = METRICS


@dataclass(frozen=True)
class StratumResult:
    """What a network reaches on one group of images: by metric, of which some are undefined."""

    attribute: str
    name: str
    values: Mapping[str, Value]

    @property
    def counted(self) -> Value:
        """The metric that counts all images and patients of the stratum."""
        return self.values[_ACCURACY]


@dataclass(frozen=True)
class StrataOfNetwork:
    """The strata of one network on one task under one protocol."""

    result: Result
    protocol: str
    strata: Sequence[StratumResult] = field(default_factory=tuple)

    @property
    def warning(self) -> str:
        """Name the stratum of the lowest recall, if its interval lies wholly below that of all images."""
        recalls = [stratum for stratum in self.strata if _RECALL in stratum.values]
        of_all = self.result.by_protocol[self.protocol].per_class.get(self.result.classes[0], {}).get(_RECALL)
        if not recalls or of_all is None or of_all.ci_low is None:
            return ""
        lowest = min(recalls, key=lambda stratum: stratum.values[_RECALL].value)
        recall = lowest.values[_RECALL]
        if recall.ci_high is None or recall.ci_high >= of_all.ci_low:
            return ""
        return (
            f"{self.result.name} {self.result.task}, {self.protocol}: the recall of {self.result.classes[0]} "
            f"is lowest for {lowest.attribute} {lowest.name}, {with_interval(recall)} % of "
            f"{counted(recall.n, 'image')}, clearly below that of all images, {with_interval(of_all)} %."
        )


def left_out_lines(left_out: Sequence[StrataOfNetwork]) -> list[str]:
    """Return a line for each source that was left out, with what the best network of a task reaches on it."""
    best: dict[str, StrataOfNetwork] = {}
    for found in left_out:
        shown = best.setdefault(found.result.task, found)
        if found.result.accuracy > shown.result.accuracy:
            best[found.result.task] = found
    return [
        f"{task}, {source.name} left out of training: {found.result.name} classifies "
        f"{with_interval(source.counted)} % of its {counted(source.counted.n, 'image')} right"
        for task, found in best.items()
        for source in found.strata
    ]


def read_strata(tables: Tables, run_id: str, results: Iterable[Result]) -> tuple[StrataOfNetwork, ...]:
    """Read the strata of the networks of a page.

    Those of held-out images are of this run, whoever trained the network; those of other images have the id
    of the run that did.
    """
    shown = [result for result in results if result.kind == "backbone" and result.by_protocol]
    run_ids = sorted({run_id, *(result.run_id for result in shown)})
    rows = tables.read("strata").where(F.col("run_id").isin(run_ids)).toArrow().to_pandas()
    return tuple(arrange(rows, run_id, shown)) if len(rows) else ()


def arrange(rows: pd.DataFrame, run_id: str, results: Iterable[Result]) -> Iterator[StrataOfNetwork]:
    """Yield the strata of each network, task and protocol, in the order of the results.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of the table `strata`, of any runs.
    run_id : str
        The run that is shown.
    """
    for result in results:
        own = rows[(rows["backbone"] == result.name) & (rows["task"] == result.task)]
        for protocol in result.by_protocol:
            of_run = run_id if protocol in INTERNAL else result.run_id
            part = own[(own["protocol"] == protocol) & (own["run_id"] == of_run)]
            if len(part):
                yield StrataOfNetwork(result, protocol, _strata(part))


def _strata(rows: pd.DataFrame) -> tuple[StratumResult, ...]:
    found: dict[tuple[str, str], dict[str, Value]] = {}
    for row in rows.to_dict("records"):
        key = (str(row["attribute"]), str(row["stratum"]))
        found.setdefault(key, {})[str(row["metric"])] = to_value(row)
    ordered = sorted(found, key=lambda key: (ATTRIBUTES.index(key[0]), ORDER.get(key[1], len(ORDER)), key[1]))
    return tuple(StratumResult(*key, found[key]) for key in ordered)
