"""The request of a command line, validated before anything is started."""

from __future__ import annotations

import difflib
import json
import os
from argparse import Namespace
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from covid_xray.dataset.known import follows_a_pattern
from covid_xray.dataset.metadata import patients_file, read_tables
from covid_xray.dataset.patients_table import PatientsTable
from covid_xray.errors import DataError
from covid_xray.evaluation.solver import check_occlusion
from covid_xray.features.networks import check_own, known_networks
from covid_xray.registry.local_store import store_uri
from covid_xray.settings import Settings, load_settings, parse_changes
from covid_xray.storage.session import CATALOG, SCHEMA
from radiograph import walk
from radiograph.walk import Found
from sparkdl import SparkdlError
from sparkdl.backbones import PUBLISHED, backbone
from sparkdl.weights import find_file, kind_of

# A local MLflow store has no folders for experiments.
EXPERIMENT = "covid_xray"


def spark_log(output: Path) -> Path:
    """Return the file that Spark's own output goes to."""
    return output / "logs" / "spark.log"


def tracking_uri(output: Path) -> str:
    """Return the MLflow tracking URI of an output folder."""
    return store_uri(output.resolve() / "mlflow" / "mlflow.db")


@dataclass(frozen=True)
class RunRequest:
    """The validated request of a command line; all paths are absolute."""

    config: Path
    changes: dict[str, object]
    settings: Settings
    backbones: tuple[str, ...]
    tasks: tuple[str, ...]
    data: Path
    patients: Path | None
    weights: str
    output: Path

    @property
    def classes(self) -> tuple[str, ...]:
        """The class folders that the requested tasks need."""
        names = (name for task in self.tasks for name in self.settings.tasks[task])
        return tuple(dict.fromkeys(names))

    @property
    def warehouse(self) -> Path:
        """Folder of the Delta tables."""
        return self.output / "warehouse"

    @property
    def page(self) -> Path:
        """The report."""
        return self.output / "report" / "index.html"

    def parameters(self) -> dict[str, str]:
        """Return the job's parameters for this machine."""
        return {
            "config": str(self.config),
            "catalog": CATALOG,
            "schema": SCHEMA,
            "data": str(self.data),
            "patients": str(self.patients or ""),
            # Patient ids stay unchanged: the tables do not leave this machine.
            "patient_id_key": "",
            "weights": self.weights,
            "weights_store": str(self.output / "weights"),
            "reports": str(self.page.parent),
            "tracking_uri": tracking_uri(self.output),
            "experiment": EXPERIMENT,
            "backbones": json.dumps(self.backbones),
            "tasks": json.dumps(self.tasks),
            "settings": json.dumps(self.changes),
        }


def parse_request(args: Namespace) -> RunRequest:
    """Validate the arguments of `run`; `prepare_inputs` has to follow.

    Raises
    ------
    CovidXrayError
        If the run's name or a setting is unknown, or no data is given.
    """
    changes = parse_changes(args.set)
    settings = load_settings(args.config, changes)
    check_occlusion(settings)
    backbones, tasks = _parse_name(args.name, settings)
    sample = args.name == "sample"
    output = (args.output or Path("out/sample" if sample else "out")).resolve()
    data = output / "data" if is_drawn(args) else args.data
    if data is None:
        folders = ", ".join(settings.classes)
        raise DataError(
            f"{args.name} needs X-rays: --data DIR with the folders {folders}. Download the public ones with "
            "`sh wrapper.sh fetch --output DIR`, or try generated images: `sh wrapper.sh run sample`"
        )
    patients = patients_file(data, args.patients)
    weights = args.weights or ("random" if sample else "imagenet")
    return RunRequest(
        config=args.config.resolve(),
        changes=changes,
        settings=settings,
        backbones=backbones,
        tasks=tasks,
        data=data.resolve(),
        patients=patients and patients.resolve(),
        weights=str(Path(weights).resolve()) if kind_of(weights) == "file" else weights,
        output=output,
    )


def is_drawn(args: Namespace) -> bool:
    """Return whether the images of a command line are to be drawn."""
    return args.name == "sample" and args.data is None


def prepare_inputs(request: RunRequest, draw: bool) -> None:
    """Check that the inputs exist before anything is written or started; draw the images if `draw` says so.

    Raises
    ------
    DataError
        If the file of patients or metadata.csv does not serve, the sample lacks a class, or classes and
        sources are to be balanced and no source is told.
    FolderError
        If a class folder of a requested task is missing.
    SparkdlError
        If a path is given in which none of the networks has its weights, or a model cannot be used.
    """
    _check_weights(request)
    tables = read_tables(request.data, request.patients)
    if request.settings.is_balanced:
        # Files that are to be drawn tell no source.
        _check_sources(tables, () if draw else walk(request.data, request.classes))
    if draw:
        _draw(request)
    next(walk(request.data, request.classes), None)


def backbones_at_once(request: RunRequest) -> int:
    """Return how many backbones to process at once; `auto` leaves no core idle if a task has all images."""
    given = request.settings.execution.local_backbones
    if given != "auto":
        return given
    of_a_task = request.settings.execution.task_images
    files = sum(1 for _ in islice(walk(request.data, request.classes), of_a_task + 1))
    return (os.cpu_count() or 1) if files <= of_a_task else 1


def _check_weights(request: RunRequest) -> None:
    missing: list[SparkdlError] = []
    for name in request.backbones:
        try:
            if name in request.settings.networks:
                check_own(request.settings, name)
            elif kind_of(request.weights) == "file":
                find_file(Path(request.weights), backbone(name))
        except SparkdlError as error:
            missing.append(error)
    # What only some networks lack is reported by their own rows; the others succeed.
    if len(missing) == len(request.backbones):
        raise missing[0]


def _check_sources(tables: Iterable[PatientsTable], files: Iterable[Found]) -> None:
    """Check that the source of some image can be told; `ingest` checks that of each."""
    rows = [row for table in tables for row in table.rows]
    if any(row.source or follows_a_pattern("", row.patient_id or "") for row in rows):
        return
    if not any(follows_a_pattern(file.path) for file in files):
        raise DataError(
            "balance source_class needs the source of every image, and no image has one: give it in a "
            "column source of metadata.csv beside the class folders, or use --set balance=none"
        )


def _draw(request: RunRequest) -> None:
    from data_upload.phantom import PATTERNS
    from data_upload.sample import draw_sample

    if missing := [name for name in request.classes if name not in PATTERNS]:
        raise DataError(
            f"the sample has no images of the class {missing[0]!r}, only of {', '.join(PATTERNS)}: "
            "give --data, or set tasks to these classes"
        )
    draw_sample(request.data, per_class=20, seed=request.settings.seed)


def _parse_name(name: str, settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the backbones and tasks of a run's name."""
    if name in ("all", "sample"):
        return PUBLISHED, tuple(settings.tasks)
    names = {f"{b}_{t}_classification": (b, t) for b in known_networks(settings) for t in settings.tasks}
    if name not in names:
        begun = [known for known in names if known.startswith(name)] if name else []
        close = begun or difflib.get_close_matches(name, [*names, "all", "sample", "dataset_resize"], n=2)
        hint = f"did you mean {' or '.join(close)}?" if close else "`sh wrapper.sh help` lists the runs"
        raise DataError(f"unknown run {name!r}; {hint}")
    backbone, task = names[name]
    return (backbone,), (task,)
