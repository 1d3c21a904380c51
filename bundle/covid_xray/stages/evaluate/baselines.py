"""Baselines beside a network, on the same images from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from covid_xray.dataset.known import tell_sources
from covid_xray.dataset.metadata import read_originals
from covid_xray.evaluation.baselines import BASELINES
from covid_xray.evaluation.baselines.elsewhere import predict_elsewhere
from covid_xray.evaluation.baselines.values import read_files, read_pictures
from covid_xray.evaluation.results import results, together
from covid_xray.progress import Notify, Progress
from covid_xray.registry.saved import About
from covid_xray.registry.training_images import training_facts, training_images
from covid_xray.settings import Settings
from covid_xray.stages.evaluate.predict import Predicted
from covid_xray.storage import runs
from covid_xray.storage.tables import Replacement, Tables

_NAMES = [baseline.name for baseline in BASELINES]
_ROWS = ["image_id", "patient_id", "label", "task", "protocol", "repeat", "fold"]


def apply_baselines(
    tables: Tables, root: Path, settings: Settings, about: About, found: Predicted, notify: Notify
) -> None:
    """Fit the baselines on a model's training images, and write what they predict for the images in `found`.

    Their rows in `predictions` and `metrics` have the id of the model's training run, and replace those of an
    earlier evaluation of any model of that run and task. Nothing is done if the tables do not hold the run.

    Parameters
    ----------
    root : Path
        The folder of class folders.
    settings : Settings
        Of this evaluation: fits have those of the training run.
    """
    rows, facts = runs.state(tables, about.run_id), training_facts(tables, about)
    if not rows or len(facts) < len(about.image_ids):
        notify(Progress("evaluate", note="no baselines: the tables do not hold the model's training images"))
        return
    training, _ = tell_sources(facts)
    task_images = settings.execution.task_images
    pictures = read_pictures(training_images(tables, about), len(training), task_images)
    files = _files(found, root)
    read = read_files(tables.spark, files, task_images)
    external, _ = tell_sources(files.join(read, on="image_id"))
    # No picture is read twice, so both have the same columns of inputs.
    both = pd.concat([pictures, read[pictures.columns]])
    predicted = predict_elsewhere(
        training, external, both, found.images[_ROWS], about.classes, runs.settings_of(rows)
    )
    parts = {name: results(tables, about.run_id, "baseline", name, of, settings) for name, of in predicted}
    tables.replace_each(_instead_of_all(together(list(parts.values()))))
    notify(Progress("evaluate", note=_summary(parts)))


def _files(found: Predicted, root: Path) -> pd.DataFrame:
    """Return the files behind the predictions, with what the folder tells of them."""
    used = found.files["reason"].isna() & found.files["image_id"].isin(found.images["image_id"])
    return found.files[used].join(read_originals(root), on="found_as")


def _instead_of_all(replacements: Mapping[str, Replacement]) -> dict[str, Replacement]:
    """Have the rows replace those of every baseline: one that is left out now has no rows of other images."""
    return {table: (rows, {**where, "backbone": _NAMES}) for table, (rows, where) in replacements.items()}


def _summary(fitted: Mapping[str, object]) -> str:
    left_out = [name for name in _NAMES if name not in fitted]
    said = f"baselines fitted on the training images: {', '.join(fitted)}"
    return f"{said}; left out: {', '.join(left_out)}" if left_out else said
