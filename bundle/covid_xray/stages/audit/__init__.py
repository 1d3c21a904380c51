"""Audit: what classifiers that see too little to judge a lung reach on the folds of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import monotonic

import pandas as pd

from covid_xray.dataset.known import tell_sources
from covid_xray.evaluation.baselines import Baseline
from covid_xray.evaluation.baselines.fit import better, candidates
from covid_xray.evaluation.baselines.values import all_values, left_out, names, read_pictures
from covid_xray.evaluation.results import results, together
from covid_xray.evaluation.splits import check_no_leaks
from covid_xray.progress import Notify, Progress, counted
from covid_xray.settings import Settings
from covid_xray.stages.audit.near_duplicates import near_duplicate_rows, summary
from covid_xray.storage import runs
from covid_xray.storage.tables import Replacement, Tables


def audit(tables: Tables, run_id: str, notify: Notify) -> None:
    """Write `predictions` and `metrics` of every baseline, for the tasks of a run that lack them.

    Near-duplicates of the images are found and written too.

    Raises
    ------
    StageError
        If there is no such run.
    DataError
        If a patient stands on both sides of a fold of `patient_grouped`.
    """
    rows = runs.existing_rows(tables, run_id)
    settings = runs.settings_of(rows)
    tasks = {row["task"] for row in rows}
    splits = tables.matching("splits", {"run_id": run_id}).toArrow().to_pandas()
    splits = splits[splits["task"].isin(tasks)]
    check_no_leaks(splits)
    images = runs.images_of(tables, run_id)
    facts, _ = tell_sources(images.drop("content").toArrow().to_pandas())
    for baseline in left_out(facts):
        note = f"the baseline {baseline.name!r} is left out: it needs {baseline.needs}"
        notify(Progress("audit", note=note))
    splits = _without_results(tables, run_id, splits, names(facts))
    if splits.empty:
        notify(Progress("audit", note="nothing to do"))
        return
    notify(Progress("audit", note=f"reading {counted(len(facts), 'image')}"))
    pictures = read_pictures(images, len(facts), settings.execution.task_images)
    baselines = all_values(facts, pictures)
    predicted = _predicted(baselines, splits, settings, notify)
    # One baseline after the other becomes rows of Arrow, which take a fraction of the memory.
    rows = [results(tables, run_id, "baseline", *of_one, settings) for of_one in predicted]
    found = near_duplicate_rows(run_id, facts)
    near_duplicates: Replacement = (found, {"run_id": [run_id]})
    tables.replace_each(together(rows) | {"near_duplicates": near_duplicates})
    notify(Progress("audit", note=summary(found)))


def _without_results(
    tables: Tables, run_id: str, splits: pd.DataFrame, expected: Sequence[str]
) -> pd.DataFrame:
    """Return the splits of the tasks in which a baseline lacks results, in either table."""
    lacking = set()
    for table in ("predictions", "metrics"):
        of_run = tables.matching(table, {"run_id": run_id, "kind": "baseline"})
        known = {tuple(row) for row in of_run.select("backbone", "task", "protocol").distinct().collect()}
        for task, protocol in splits[["task", "protocol"]].drop_duplicates().itertuples(index=False):
            if any((name, task, protocol) not in known for name in expected):
                lacking.add(task)
    return splits[splits["task"].isin(lacking)]


def _predicted(
    baselines: Sequence[tuple[Baseline, pd.DataFrame]],
    splits: pd.DataFrame,
    settings: Settings,
    notify: Notify,
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the name of each baseline with its predictions for the held-out images of all tasks."""
    begun = monotonic()
    for done, (baseline, values) in enumerate(baselines, start=1):
        parts, said = [], []
        for task in sorted(set(splits["task"])):
            of_task = splits[splits["task"] == task]
            found = candidates(values, baseline.are_pixels, of_task, settings.tasks[task], settings)
            chosen, methods = better(found)
            parts.append(chosen.assign(task=task))
            said += [f"{task} {protocol} by {method}" for protocol, method in methods.items()]
        note, seconds = f"{baseline.name}: {', '.join(said)}", monotonic() - begun
        notify(Progress("audit", "", done, len(baselines), "baselines", seconds, note))
        yield baseline.name, pd.concat(parts, ignore_index=True)
