"""The stages of a run, a backbone at a time: featurize against a bare loop, classifiers against featurize."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sparkdl.backbones import backbone as network
from sparkdl.weights import resolve

from benchmarks.bare_loop import bare_loop
from benchmarks.options import Options
from benchmarks.result import Goal, Ratio
from benchmarks.workbench import Workbench, workbench

REPEATS = 6
# Six fits of each classifier, as the goal names them: those of `as_published` and no others.
FITS = {"repeats": REPEATS, "patient_grouped.repeats": 0}
# Rounds of few images are short, and a noisy machine may slow one of them down.
_ENOUGH = 512
# Images per call of the bare loop, whatever the stage is set to: 8 and 32 are within a hundredth of it.
_BARE_BATCH = 16
# Images for a network that takes one at a time: its speed does not change with their number.
_SINGLY = 32


@dataclass(frozen=True)
class Times:
    """Seconds that one backbone took, over `images` images; `single` is per image, one at a time."""

    backbone: str
    images: int
    cold: float
    bare_cold: float
    warm: float
    bare_warm: float
    train: float
    single: float
    start: float


def measure(options: Options, backbone: str) -> Times:
    """Time one backbone's stages in this process, and the bare loop beside them."""
    with workbench(options, warehouse(options), options.images, **FITS) as bench:
        tensors = options.folder / f"{backbone}.npy"
        np.save(tensors, bench.inputs(backbone))
        try:
            return _measure(bench, backbone, tensors)
        finally:
            tensors.unlink()


def warehouse(options: Options) -> Path:
    """Return where the tables of all backbones are kept, for what is measured later on their features."""
    return options.folder / "stages"


def _measure(bench: Workbench, backbone: str, tensors: Path) -> Times:
    """Time stages between two halves of the bare loop: a shared machine is now faster and now slower."""
    settings, options = bench.settings, bench.options
    count = len(bench.ids())
    weights = resolve(options.weights, backbone, options.weights_store, settings.seed).path
    averaged = network(backbone).pooling(settings.pooling) == "avg"
    rounds = 1 if count > _ENOUGH else 2
    warm = bare_warm = 0.0
    with bare_loop(backbone, tensors, weights, averaged) as bare:
        half = bare.round(_BARE_BATCH, count // 2)
        start = bare.since_start() - half
        cold = bench.featurize(backbone)
        bare_cold = start + half + bare.round(_BARE_BATCH, count - count // 2)
        for _ in range(rounds):
            bare_warm += bare.round(_BARE_BATCH, count // 2) / rounds
            bench.forget_features(backbone)
            warm += bench.featurize(backbone) / rounds
            bare_warm += bare.round(_BARE_BATCH, count - count // 2) / rounds
        _check_equal(bench, backbone, bare.features())
        single = bare.round(1, min(count, _SINGLY)) / min(count, _SINGLY)
    train = bench.train(backbone)
    return Times(backbone, count, cold, bare_cold, warm, bare_warm, train, single, start)


def _check_equal(bench: Workbench, backbone: str, bare: npt.NDArray[np.float32]) -> None:
    """Times of two programs that do not compute the same are no ratio."""
    own = bench.first_features(backbone, len(bare))
    worst = float(np.abs(own - bare).max())
    if worst > 1e-4 * float(np.abs(bare).max()):
        raise RuntimeError(f"{backbone}: the featurizer and the bare loop differ by {worst:.2g}")


def featurize_ratios(t: Times) -> list[Ratio]:
    """Return how one backbone's stage compares with the bare loop."""
    cold = {"images": t.images, "bare s": t.bare_cold, "featurize s": t.cold}
    warm = {"images": t.images, "bare s": t.bare_warm, "featurize s": t.warm}
    name = f"featurize {t.backbone}, {{}}: bare loop / stage"
    return [
        Ratio(name.format("cold"), t.bare_cold / t.cold, Goal(low=0.90), cold),
        Ratio(name.format("warm"), t.bare_warm / t.warm, Goal(low=0.93), warm),
    ]


def classifiers_ratio(times: list[Times]) -> Ratio:
    """Return how all classifiers compare with all featurizations."""
    train, featurized = sum(t.train for t in times), sum(t.cold for t in times)
    name = f"classifiers, {REPEATS} fits each: train / featurize"
    return Ratio(name, train / featurized, Goal(high=0.25), {"train s": train, "featurize s": featurized})
