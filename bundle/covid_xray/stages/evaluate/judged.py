"""Judge a model anew once it has been tried on other images."""

from __future__ import annotations

from covid_xray.evaluation.results import read_comparisons, read_results
from covid_xray.evaluation.verdict import verdict_on
from covid_xray.progress import Notify, Progress
from covid_xray.registry.promotion import hold_back
from covid_xray.registry.registry import Registry
from covid_xray.registry.versions import Registered
from covid_xray.settings import Settings
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables


def judge(
    tables: Tables, settings: Settings, registry: Registry, registered: Registered, notify: Notify
) -> None:
    """Record in the registry what speaks against a model; it is the champion no longer, if it was.

    Nothing is done with `champion: any`, or if the tables do not hold the run that trained the model.
    """
    about = registered.model.about
    rows = runs.state(tables, about.run_id)
    if settings.champion == "any" or not rows:
        return
    results = read_results(tables, about.run_id, rows)
    comparisons = read_comparisons(tables, about.run_id)
    judged = verdict_on(results, comparisons, about.backbone, about.task)
    if judged and judged.against and (note := hold_back(registry, registered.version, judged.against)):
        notify(Progress("evaluate", note=note))
