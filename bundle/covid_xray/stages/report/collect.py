"""Read what a page shows from the tables: this run, its images, and runs to show beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from operator import itemgetter
from typing import Any

import pandas as pd
from pyspark.sql import functions as F

from covid_xray.dataset.attributes import ATTRIBUTES
from covid_xray.dataset.known import tell_sources
from covid_xray.dataset.near_duplicates import PAIR, TOO_ALIKE
from covid_xray.dataset.population import population
from covid_xray.dataset.record import is_unknown
from covid_xray.evaluation.protocols import AS_PUBLISHED, LEAVE_ONE_SOURCE_OUT
from covid_xray.evaluation.results import read_comparisons, read_results
from covid_xray.evaluation.results_model import Result
from covid_xray.evaluation.source_folds import obstacle
from covid_xray.features.gram import FUSED
from covid_xray.stages.report.relied_on import read_probes
from covid_xray.stages.report.strata import read_strata
from covid_xray.stages.report.values import (
    MOST_NEAR_DUPLICATES,
    MOST_REFUSED,
    UNKNOWN,
    Counts,
    Flow,
    NearDuplicatePair,
    NearDuplicates,
    Refused,
    Report,
)
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables

# What tells the dataset, the sources and the population.
_OF_IMAGES = ("label", "path", "patient_id", "source", *ATTRIBUTES)

_Row = Mapping[str, Any]


def collect(tables: Tables, run_id: str) -> Report:
    """Collect the rows of a run, the successes of earlier runs from the same inputs, and their variants.

    Raises
    ------
    StageError
        If there is no such run.
    """
    shown = runs.rows_with_reused(tables, run_id)
    own = next(row for row in shown if row["run_id"] == run_id)
    variants = read_variants(tables, shown)
    others = {row["run_id"] for row in variants}
    results = read_results(tables, run_id, [*shown, *variants])
    of_run = tuple(sorted((r for r in results if r.run_id not in others), key=_order))
    patients = _of_patients(tables, run_id)
    images, dataset = tell_sources(runs.images_of(tables, run_id).select(*_OF_IMAGES).toArrow().to_pandas())
    settings = json.loads(own["settings"])
    strata = read_strata(tables, run_id, of_run)
    return Report(
        run_id=run_id,
        results=of_run,
        comparisons=tuple(read_comparisons(tables, run_id)),
        counts=tuple(count_classes(patients)),
        flow=count_used(patients, _refused_by_reason(tables, run_id), own),
        refused=tuple(_refused(tables, run_id)),
        sources=count_sources(images),
        settings=settings,
        versions=json.loads(own["versions"]),
        git_commit=own["git_commit"],
        variants={(r.name, r.task): r for r in results if r.run_id in others},
        dataset=dataset,
        population=population(images),
        no_source_folds=_no_source_folds(images, settings["tasks"]),
        strata=tuple(found for found in strata if found.protocol != LEAVE_ONE_SOURCE_OUT),
        left_out=tuple(found for found in strata if found.protocol == LEAVE_ONE_SOURCE_OUT),
        near_duplicates=count_near_duplicates(
            tables.matching("near_duplicates", {"run_id": run_id}).toArrow().to_pandas()
        ),
        probes=tuple(read_probes(tables, shown)),
    )


def _order(result: Result) -> tuple[str, str, bool, str]:
    return result.task, result.kind, result.name == FUSED, result.name


def _of_patients(tables: Tables, run_id: str) -> pd.DataFrame:
    """Count the images of each patient of a class, as `count_classes` takes them.

    In Spark: 112,120 images have 1.7 million rows of splits.
    """
    drawn = tables.matching("splits", {"run_id": run_id, "protocol": AS_PUBLISHED})
    # Each repeat has all images of a task, so the first is enough.
    of_patient = drawn.where(F.col("repeat") == 0).groupBy("task", "label", "patient_id")
    counted = of_patient.agg(F.count("*").alias("images"), F.count("fold").alias("held_out"))
    patients: pd.DataFrame = counted.toArrow().to_pandas()
    return patients


def count_classes(patients: pd.DataFrame) -> list[Counts]:
    """Count the images and patients of each class.

    Parameters
    ----------
    patients : pandas.DataFrame
        Columns `task`, `label`, `patient_id`, `images` and `held_out`, how many of these are held out: a row
        a task, class and patient.
    """
    training = patients["images"] > patients["held_out"]
    in_training = training.groupby([patients["task"], patients["patient_id"]]).transform("any")
    counted = patients.assign(
        shared=patients["held_out"].where(in_training, 0),
        unknown=patients["images"].where(patients["patient_id"].map(is_unknown).astype(bool), 0),
    )
    counts = []
    for (task, label), part in counted.groupby(["task", "label"]):
        images, *others = (int(part[name].sum()) for name in ("images", "held_out", "shared", "unknown"))
        counts.append(Counts(str(task), str(label), images, len(part), *others))
    return counts


def count_used(patients: pd.DataFrame, refused: Mapping[str, int], own: _Row) -> Flow:
    """Count the images and patients of all tasks.

    Parameters
    ----------
    patients : pandas.DataFrame
        That of `count_classes`.
    own : mapping
        The run's row of `runs`, in which versions before 0.2 counted no rows of the patients file.
    """
    # Every task has all images of its classes.
    used = patients.drop_duplicates(["label", "patient_id"])
    classes = used.groupby("patient_id").size()
    return Flow(
        refused,
        used=int(used["images"].sum()),
        patients=len(classes),
        in_two_classes=int((classes > 1).sum()),
        unknown=int(used.loc[used["patient_id"].map(is_unknown).astype(bool), "images"].sum()),
        rows=own.get("patient_rows") or 0,
        unmatched=own.get("unmatched_patient_rows") or 0,
    )


def _refused_by_reason(tables: Tables, run_id: str) -> dict[str, int]:
    counted = tables.matching("quarantine", {"run_id": run_id}).groupBy("reason").count()
    return dict(sorted((reason, count) for reason, count in counted.collect()))


def _refused(tables: Tables, run_id: str) -> list[Refused]:
    rows = tables.matching("quarantine", {"run_id": run_id}).orderBy("reason", "path").limit(MOST_REFUSED)
    return [Refused(row["path"], row["reason"], row["detail"] or "") for row in rows.collect()]


def count_near_duplicates(rows: pd.DataFrame) -> NearDuplicates | None:
    """Count the near-duplicates in a run's rows of the table `near_duplicates`; None if there are no rows."""
    if rows.empty:
        return None
    pairs = rows[rows["found"] == PAIR]
    apart = pairs[pairs["patient_id"] != pairs["other_patient_id"]]
    ordered = apart.sort_values(["similarity", "path", "other_path"], ascending=[False, True, True])
    listed = (
        ordered[[field.name for field in fields(NearDuplicatePair)]]
        .head(MOST_NEAR_DUPLICATES)
        .to_dict("records")
    )
    return NearDuplicates(
        len(pairs),
        len(apart),
        tuple(NearDuplicatePair(**{str(name): value for name, value in pair.items()}) for pair in listed),
        too_alike=bool((rows["found"] == TOO_ALIKE).any()),
    )


def _no_source_folds(images: pd.DataFrame, tasks: Mapping[str, Sequence[str]]) -> dict[str, str]:
    each = {task: obstacle(images[images["label"].isin(classes)], classes) for task, classes in tasks.items()}
    return {task: why for task, why in each.items() if why}


def count_sources(images: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Count the images of each class and source; nothing where no source is known.

    Parameters
    ----------
    images : pandas.DataFrame
        Columns `label` and `source`, which may be null.
    """
    if images["source"].isna().all():
        return {}
    counts: dict[str, dict[str, int]] = {}
    known = images.assign(source=images["source"].fillna(UNKNOWN))
    for (label, source), part in known.groupby(["label", "source"]):
        counts.setdefault(str(label), {})[str(source)] = len(part)
    return counts


def read_variants(tables: Tables, shown: Sequence[_Row]) -> list[_Row]:
    """Return, for each row of `runs` that is shown, the newest success with the other `preprocessing`."""
    successes = tables.read("runs").where(F.col("status") == runs.SUCCEEDED).orderBy("updated_at").collect()
    pairs = pairs_of_variants(shown, [row.asDict() for row in successes])
    folds = _folds(tables, sorted({row["run_id"] for pair in pairs for row in pair})) if pairs else {}
    same = [(own, other) for own, other in pairs if _drawn(folds, own) == _drawn(folds, other)]
    return list({(own["backbone"], own["task"]): other for own, other in same}.values())


def pairs_of_variants(shown: Sequence[_Row], successes: Sequence[_Row]) -> list[tuple[_Row, _Row]]:
    """Pair rows of one network, task and weights whose settings are equal but for `preprocessing`."""
    own = {_but_preprocessing(row): row for row in shown if row["status"] == runs.SUCCEEDED}
    pairs = [(own.get(_but_preprocessing(row)), row) for row in successes]
    return [(one, other) for one, other in pairs if one and _preprocessing(one) != _preprocessing(other)]


def _but_preprocessing(row: _Row) -> tuple[str, ...]:
    settings = json.loads(row["settings"])
    # How the work was cut up changes no result, nor does what an evaluation leaves out.
    others = ("preprocessing", "execution", "near_duplicates")
    counts = {name: value for name, value in settings.items() if name not in others}
    key = itemgetter("backbone", "task", "weights_id")(row)
    return *key, json.dumps(counts, sort_keys=True)


def _preprocessing(row: _Row) -> str:
    return str(json.loads(row["settings"])["preprocessing"])


def _folds(tables: Tables, run_ids: Sequence[str]) -> dict[tuple[str, str], tuple[int, int]]:
    """Return, by run and task, a hash of the images, their patients and the folds that hold them out."""
    row = F.xxhash64("protocol", "repeat", "fold", "image_id", "label", "patient_id")
    drawn = tables.read("splits").where(F.col("run_id").isin(list(run_ids)))
    hashed = drawn.groupBy("run_id", "task").agg(F.count("*"), F.bit_xor(row)).collect()
    return {(run_id, task): (count, value) for run_id, task, count, value in hashed}


def _drawn(folds: Mapping[tuple[str, str], tuple[int, int]], row: _Row) -> tuple[int, int] | None:
    return folds.get((row["run_id"], row["task"]))
