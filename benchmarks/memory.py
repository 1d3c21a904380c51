"""The memory of Spark's Python workers in the stages that show a network images.

Serverless compute ends a worker that takes more than 1,024 MB. What a network takes differs between makes of
processors, for which oneDNN has different kernels. With the variable ONEDNN_MAX_CPU_ISA (AVX512_CORE, AVX2)
a processor does what an older one would, with TF_ENABLE_ONEDNN_OPTS=0 what one does without these kernels.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from os import getpid
from pathlib import Path

import numpy as np
from covid_xray.progress import Progress
from covid_xray.registry.classifier import Classifier
from covid_xray.registry.distance import FeatureSpread
from covid_xray.registry.saved import About, SavedModel
from covid_xray.registry.versions import Registered, Version
from covid_xray.stages.explain import explain
from covid_xray.stages.score import score
from radiograph import class_folders, walk
from sparkdl.backbones import BACKBONES
from sparkdl.backbones import backbone as network
from sparkdl.weights import resolve

from benchmarks.options import Options
from benchmarks.own_process import in_own_process, peak_of_workers
from benchmarks.result import Goal, Ratio
from benchmarks.workbench import Workbench, prepare_weights, workbench

# Of each class: as many as keep both cores at work for some batches.
IMAGES = 8
# Less than a task has: what opens a file then holds a network from the chunk before it.
SETTINGS = {"execution.chunk_images": 12, "repeats": 1, "patient_grouped.repeats": 0}


def measure(options: Options) -> Iterator[Ratio]:
    """Run the stages of all networks on the largest originals, each with workers of its own."""
    if sys.platform != "linux":
        print("  only Linux keeps the peaks of processes")
        return
    data = largest_of_each(options.originals, options.folder / "largest", IMAGES)
    options = replace(options, data=data, images=None, backbones=tuple(BACKBONES))
    in_own_process(prepare_weights, options, BACKBONES)
    in_own_process(_ingest, options)
    for backbone in BACKBONES:
        for stage in stages_of(backbone):
            peak = in_own_process(_peak, options, backbone, stage)
            yield Ratio(f"{stage} {backbone}: peak memory of a worker in MB", peak, Goal(high=900))


def stages_of(backbone: str) -> tuple[str, ...]:
    """Name the stages that show this network images; explain has no need where features are flat."""
    averaged = network(backbone).published_pooling == "avg"
    return tuple(stage for stage in _STAGES if averaged or stage != "explain")


def largest_of_each(data: Path, folder: Path, images: int) -> Path:
    """Copy the largest files of each class."""
    classes = class_folders(data)
    for label in classes:
        (folder / label).mkdir(parents=True)
        files = [found.file for found in walk(data, [label])]
        for file in sorted(files, key=lambda file: (-file.stat().st_size, file.name))[:images]:
            shutil.copy(file, folder / label)
    return folder


def _ingest(options: Options) -> None:
    """Open the files, so that no worker that is watched has done that before; score opens them itself."""
    with _workbench(options):
        pass


def _workbench(options: Options) -> AbstractContextManager[Workbench]:
    return workbench(options, options.folder / "memory", **SETTINGS)


def _peak(options: Options, backbone: str, stage: str) -> float:
    with _workbench(options) as bench, peak_of_workers(getpid()) as peak:
        _STAGES[stage](bench, backbone)
    if not peak():
        raise RuntimeError("no Python worker of Spark was seen")
    return peak()


def _featurize(bench: Workbench, backbone: str) -> None:
    bench.featurize(backbone)


def _score(bench: Workbench, backbone: str) -> None:
    model, now = _model(bench, backbone), datetime.now(UTC)
    score(bench.tables, bench.settings, bench.options.data, model, bench.run_id, now, _silent)


def _explain(bench: Workbench, backbone: str) -> None:
    """Explain, after what that needs: features that are there already, and a fit, which uses no network."""
    bench.featurize(backbone)
    bench.train(backbone)
    explain(bench.tables, bench.run_id, backbone, _silent)


_STAGES: dict[str, Callable[[Workbench, str], None]] = {
    "featurize": _featurize,
    "score": _score,
    "explain": _explain,
}


def _model(bench: Workbench, backbone: str) -> Registered:
    """Return a model that knows nothing: of its numbers, only how many they are takes memory."""
    settings, options = bench.settings, bench.options
    task, classes = next(iter(settings.tasks.items()))
    weights = resolve(options.weights, backbone, options.weights_store, settings.seed)
    about = About(
        run_id=bench.run_id,
        backbone=backbone,
        task=task,
        classes=classes,
        weights=str(weights.path),
        weights_id=weights.sha256,
        pooling=settings.pooling,
        preprocessing=settings.preprocessing,
        scale_hint=settings.scale_hint,
        batch_size=settings.execution.batch_size,
        image_ids=(),
    )
    length = network(backbone).feature_length(settings.pooling)
    none = Classifier(np.zeros((1, length)), np.zeros(1), np.zeros(length), FeatureSpread(1, 0, 1))
    return Registered(Version(f"{backbone}_{task}", "1"), SavedModel(about, none))


def _silent(progress: Progress) -> None:
    """A stage's progress is not what a benchmark shows."""
