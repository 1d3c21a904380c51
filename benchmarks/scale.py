"""Scaling: time per image and peak memory with four times the images."""

from __future__ import annotations

from dataclasses import replace
from os import getpid
from pathlib import Path

from radiograph import class_folders, walk

from benchmarks.options import Options
from benchmarks.processes import in_measured_process, in_new_process, peak_memory, seconds
from benchmarks.result import Goal, Ratio
from benchmarks.workbench import Workbench, ingested, workbench
from data_upload.resize import resize_folder

TIMES = 4
# The fastest network with the shortest features, where other costs than the network's dominate.
BACKBONE = "ResNet50"


def measure(options: Options) -> list[Ratio]:
    """Featurize and resize some images, and four times as many."""
    options = replace(options, backbones=(BACKBONE,))
    more = _copied(options.data, options.folder / "more", options.images)
    times, memory = in_new_process(_featurize, options, more)
    originals = _copied(options.originals, options.folder / "more_originals", None)
    once = in_measured_process(_resize, options.originals, options.folder / "small")
    often = in_measured_process(_resize, originals, options.folder / "small_often")
    return [
        *_ratios("featurize", times, memory),
        *_ratios("resize", (once[0], often[0]), (once[1], often[1])),
    ]


def _ratios(operation: str, per_image: tuple[float, float], memory: tuple[float, float]) -> list[Ratio]:
    times = {"ms per image": 1000 * per_image[0], f"of {TIMES} times as many": 1000 * per_image[1]}
    peaks = {"GB": memory[0], f"of {TIMES} times as many": memory[1]}
    name = f"{operation} {TIMES} times the images"
    return [
        Ratio(f"{name}: time per image", per_image[1] / per_image[0], Goal(low=0.9, high=1.1), times),
        Ratio(f"{name}: peak memory", memory[1] / memory[0], Goal(high=1.1), peaks),
    ]


def _featurize(options: Options, more: Path) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return seconds per image and peak memory in GB, each for some images and for `TIMES` as many."""
    with workbench(options, options.folder / "scale", options.images) as bench:
        with peak_memory(getpid()) as some:
            # Warm-up: starts the workers and builds the network.
            _per_image(bench)
            before = _per_image(bench)
        many = ingested(replace(options, data=more), bench.tables, None)
        with peak_memory(getpid()) as all_:
            often = _per_image(many)
        # Mean of before and after, as the speed of a shared machine varies.
        once = (before + _per_image(bench)) / 2
    return (once, often), (some(), all_())


def _per_image(bench: Workbench) -> float:
    bench.delete_features(BACKBONE)
    return bench.featurize(BACKBONE) / len(bench.ids())


def _resize(data: Path, output: Path) -> float:
    count = sum(1 for _ in walk(data, class_folders(data)))
    return seconds(lambda: resize_folder(data, output, 2, lambda done, total: None)) / count


def _copied(data: Path, folder: Path, images: int | None) -> Path:
    """Write `TIMES` copies of each image with different trailing bytes, which decoders ignore."""
    classes = class_folders(data)
    for label in classes:
        (folder / label).mkdir(parents=True)
        class_files = sorted(found.file for found in walk(data, [label]))
        for file in class_files[: None if images is None else images // len(classes)]:
            content = file.read_bytes()
            for copy in range(TIMES):
                (folder / label / f"{copy}-{file.name}").write_bytes(content + f"copy {copy}".encode())
    return folder
