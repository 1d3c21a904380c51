"""Peak memory of Spark's Python workers in the stages that apply a network.

Serverless compute kills a worker that uses more than 1,024 MB. The memory of a network depends on the
processor, since oneDNN has different kernels for each type. The variable ONEDNN_MAX_CPU_ISA (AVX512_CORE,
AVX2) selects the kernels of an older processor, TF_ENABLE_ONEDNN_OPTS=0 disables oneDNN's kernels.
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
from sparkdl.backbones import PUBLISHED
from sparkdl.backbones import backbone as network
from sparkdl.weights import resolve

from benchmarks.options import Options
from benchmarks.processes import in_new_process, peak_of_workers
from benchmarks.result import Goal, Ratio
from benchmarks.workbench import Workbench, prepare_weights, workbench

# Images per class: enough for some batches on both cores.
IMAGES = 8
# Chunks smaller than a task: a worker that decodes files then still holds a network from the previous chunk.
SETTINGS = {"execution.chunk_images": 12, "repeats": 1, "patient_grouped.repeats": 0}


def measure(options: Options) -> Iterator[Ratio]:
    """Run each stage for all networks on the largest originals, each with new workers."""
    if sys.platform != "linux":
        print("  skipped: only Linux records the peak memory of processes")
        return
    data = largest_of_each(options.originals, options.folder / "largest", IMAGES)
    options = replace(options, data=data, images=None, backbones=PUBLISHED)
    in_new_process(prepare_weights, options, PUBLISHED)
    in_new_process(_ingest, options)
    for backbone in PUBLISHED:
        for stage in stages_of(backbone):
            peak = in_new_process(_peak, options, backbone, stage)
            yield Ratio(f"{stage} {backbone}: peak memory of a worker in MB", peak, Goal(high=900))


def stages_of(backbone: str) -> tuple[str, ...]:
    """Return the stages that apply this network; `explain` does so only with averaged features."""
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
    """Ingest in advance, so that no measured worker decodes files except in score, which always does."""
    with _workbench(options):
        pass


def _workbench(options: Options) -> AbstractContextManager[Workbench]:
    return workbench(options, options.folder / "memory", **SETTINGS)


def _peak(options: Options, backbone: str, stage: str) -> float:
    with _workbench(options) as bench, peak_of_workers(getpid()) as peak:
        _STAGES[stage](bench, backbone)
    if not peak():
        raise RuntimeError("no Python worker of Spark was found")
    return peak()


def _featurize(bench: Workbench, backbone: str) -> None:
    bench.featurize(backbone)


def _score(bench: Workbench, backbone: str) -> None:
    model, now = _model(bench, backbone), datetime.now(UTC)
    score(bench.tables, bench.settings, bench.options.data, model, bench.run_id, now, _silent)


def _explain(bench: Workbench, backbone: str) -> None:
    """Explain, after featurize and train, neither of which applies the network here."""
    bench.featurize(backbone)
    bench.train(backbone)
    explain(bench.tables, bench.run_id, backbone, _silent)


_STAGES: dict[str, Callable[[Workbench, str], None]] = {
    "featurize": _featurize,
    "score": _score,
    "explain": _explain,
}


def _model(bench: Workbench, backbone: str) -> Registered:
    """Return a model with coefficients of 0: memory depends only on their number."""
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
    zero = Classifier(np.zeros((1, length)), np.zeros(1), np.zeros(length), FeatureSpread(1, 0, 1))
    return Registered(Version(f"{backbone}_{task}", "1"), SavedModel(about, zero))


def _silent(progress: Progress) -> None:
    """Ignore progress messages."""
