"""Judge a model anew once it has been tried on other images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from covid_xray.evaluation.protocols import EXTERNAL
from covid_xray.evaluation.results import are_of, read_comparisons, read_results
from covid_xray.evaluation.results_model import Result, baselines_elsewhere
from covid_xray.evaluation.verdict import Verdict, verdict_on
from covid_xray.progress import Notify, Progress
from covid_xray.registry.card import write_card
from covid_xray.registry.promotion import reconsider
from covid_xray.registry.registry import Registry
from covid_xray.registry.saved import About
from covid_xray.registry.training_images import training_facts
from covid_xray.registry.versions import Registered
from covid_xray.settings import Settings
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables


def judge(
    tables: Tables, settings: Settings, registry: Registry, registered: Registered, notify: Notify
) -> None:
    """Write a model's card anew, and reconsider whether it may be the champion, unless any model may.

    Nothing is done if the tables do not hold the run that trained the model.
    """
    about = registered.model.about
    rows = runs.state(tables, about.run_id)
    if not rows:
        return
    results = read_results(tables, about.run_id, rows)
    judged = verdict_on(results, read_comparisons(tables, about.run_id), about.backbone, about.task)
    if card := _card(tables, registered, rows, results, judged):
        registry.replace_card(registered.version, card)
        notify(Progress("evaluate", note="the model card is written anew"))
    if judged is None or settings.champion == "any":
        return
    if note := reconsider(registry, registered.version, judged.against, judged.refuted):
        notify(Progress("evaluate", note=note))


def _card(
    tables: Tables,
    registered: Registered,
    rows: Sequence[Mapping[str, Any]],
    results: Sequence[Result],
    judged: Verdict | None,
) -> str:
    """Return the card; empty if the tables do not hold all training images."""
    model, about = registered.model, registered.model.about
    images = training_facts(tables, about)
    if len(images) < len(about.image_ids):
        return ""
    row = next(row for row in rows if (row["backbone"], row["task"]) == (about.backbone, about.task))
    metrics = tables.matching("metrics", {"run_id": about.run_id, "task": about.task}).toArrow().to_pandas()
    shown = beside(metrics, results, about)
    return write_card(registered.version.name, model, row, images, shown, judged)


def beside(metrics: pd.DataFrame, results: Sequence[Result], about: About) -> pd.DataFrame:
    """Return the metrics of a model, and those of baselines on the same images.

    Parameters
    ----------
    metrics : pandas.DataFrame
        Rows of the table `metrics` of the model's run and task.
    results : sequence of Result
        Of that run.
    """
    own = [r for r in results if r.is_network and (r.name, r.task) == (about.backbone, about.task)]
    there = [result.name for result in baselines_elsewhere(own, results)]
    is_baseline = metrics["kind"] == "baseline"
    of_others = (metrics["protocol"] == EXTERNAL) & ~metrics["backbone"].isin(there)
    shown: pd.DataFrame = metrics[are_of(metrics, about.backbone) | (is_baseline & ~of_others)]
    return shown
