"""Run the benchmarks and compare them with their goals; the exit code is 1 if a goal is missed."""

from __future__ import annotations

import json
import os
import platform
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psutil
from covid_xray.software import versions

if TYPE_CHECKING:
    from benchmarks.options import Options
    from benchmarks.result import Ratio

BACKBONES, IMAGES = ("VGG16", "ResNet50"), 256
MEASUREMENTS = (
    "upload",
    "resize",
    "wide",
    "train",
    "scale",
    "stages",
    "run",
    "memory",
    "near_duplicates",
    "precision",
)


def _measurements(options: Options) -> dict[str, Callable[[], Iterable[Ratio]]]:
    from benchmarks import (
        memory,
        near_duplicates,
        precision,
        published_system,
        resize,
        scale,
        stages,
        train,
        upload,
        whole_run,
        wide,
    )
    from benchmarks.processes import in_new_process

    def all_stages() -> Iterator[Ratio]:
        times = []
        for name in options.backbones:
            times.append(in_new_process(stages.measure, options, name))
            yield from stages.featurize_ratios(times[-1])
        yield stages.classifiers_ratio(times)
        yield from published_system.ratios(times, published_system.measure(options))

    def precisions() -> Iterator[Ratio]:
        reasons = list(precision.left_out())
        for reason in reasons:
            print(f"  {reason}", flush=True)
        if not reasons:
            yield from (in_new_process(precision.measure, options, name) for name in options.backbones)

    return {
        "upload": lambda: upload.measure(options),
        "resize": lambda: resize.measure(options),
        "wide": lambda: wide.measure(options),
        "train": lambda: train.measure(options),
        "scale": lambda: scale.measure(options),
        "stages": all_stages,
        "run": lambda: whole_run.measure(options),
        "memory": lambda: memory.measure(options),
        "near_duplicates": lambda: near_duplicates.measure(options),
        "precision": precisions,
    }


def _measure(options: Options, only: Sequence[str]) -> Iterator[Ratio]:
    from benchmarks import scale
    from benchmarks.processes import in_new_process
    from benchmarks.workbench import prepare_weights

    in_new_process(prepare_weights, options, {*options.backbones, scale.BACKBONE})
    for name, measure in _measurements(options).items():
        if not only or name in only:
            print(f"measuring: {name}", flush=True)
            yield from measure()


def _options(args: Namespace, folder: Path) -> Options:
    from radiograph import class_folders
    from sparkdl.backbones import PUBLISHED, backbone

    from benchmarks.options import Options

    for folder_of_classes in (args.data, args.originals or args.data):
        class_folders(folder_of_classes)
    for name in args.backbone or ():
        backbone(name)
    return Options(
        data=args.data.resolve(),
        originals=(args.originals or args.data).resolve(),
        images=None if args.full else args.images,
        backbones=PUBLISHED if args.full else tuple(args.backbone or BACKBONES),
        weights=args.weights,
        folder=folder,
    )


def _image_count(text: str) -> int:
    """Parse a number of images that is large enough for all classes and splits."""
    if not text.isdecimal() or int(text) < 30:
        raise ArgumentTypeError(f"{text!r} is not an integer of at least 30")
    return int(text)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="wrapper.sh bench", description=__doc__)
    add = parser.add_argument
    add("--data", type=Path, required=True, help="folder of class folders with resized X-rays")
    add(
        "--originals",
        type=Path,
        help="the same X-rays, not resized (default: --data)",
    )
    add("--backbone", action="append", help=f"may be repeated (default: {', '.join(BACKBONES)})")
    add(
        "--images",
        type=_image_count,
        default=IMAGES,
        help="at most, 30 or more (default: %(default)s)",
    )
    add("--full", action="store_true", help="use all backbones and all images")
    add("--weights", default="random", help="imagenet, random, or a folder of weights (default: random)")
    add("--only", action="append", default=[], choices=MEASUREMENTS, help="may be repeated (default: all)")
    add("--output", type=Path, default=Path("out/bench"), help="folder for bench.json and machine.json")
    return parser


def _machine() -> dict[str, object]:
    """Return processor, cores, memory, load, system and library versions."""
    from sparkdl.precision import bfloat16_instructions

    return {
        "processor": _processor(),
        "bfloat16": ", ".join(bfloat16_instructions()) or "no instructions",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "load_at_start": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "versions": versions(),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def main(argv: Sequence[str]) -> int:
    """Run the benchmarks, print the table and write the JSON files."""
    args = _parser().parse_args(argv)
    # Imported here, so that --help does not wait for Spark.
    from radiograph import FolderError
    from rich.console import Console
    from sparkdl import SparkdlError

    from benchmarks.result import table

    args.output.mkdir(parents=True, exist_ok=True)
    machine = _machine()
    (args.output / "machine.json").write_text(json.dumps(machine, indent=1), encoding="utf-8")
    ratios: list[Ratio] = []
    with TemporaryDirectory(prefix="bench-", dir=args.output) as folder:
        try:
            options = _options(args, Path(folder).resolve())
        except (FolderError, SparkdlError) as error:
            print(f"wrapper.sh bench: {error}", file=sys.stderr)
            return 2
        try:
            # Results are printed immediately, and written even if a later benchmark fails.
            for ratio in _measure(options, args.only):
                print(f"  {ratio.name}: {ratio.shown}, goal {ratio.goal}", flush=True)
                ratios.append(ratio)
        finally:
            entries = json.dumps([ratio.as_json() for ratio in ratios], indent=1)
            (args.output / "bench.json").write_text(entries, encoding="utf-8")
    console = Console(width=None if sys.stdout.isatty() else 180, highlight=False)
    console.print(table(ratios))
    console.print(", ".join(f"{name} {value}" for name, value in machine.items() if name != "versions"))
    return 0 if all(ratio.met for ratio in ratios) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
