"""The stages of a run per backbone: featurize against a bare loop, training against featurize."""

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
# Six fits per classifier, as in the goal: only those of `as_published`.
FITS = {"repeats": REPEATS, "patient_grouped.repeats": 0}
# With fewer images rounds are short and noisy, so there are two.
_SINGLE_ROUND_IMAGES = 512
# Images per call of the bare loop, independent of the stage's setting: 8 and 32 differ by less than 1 %.
_BARE_BATCH = 16
# Number of images for measuring batches of one; the speed does not depend on it.
_BATCH_OF_ONE_IMAGES = 32


@dataclass(frozen=True)
class Times:
    """Seconds of one backbone for `images` images; `single` is per image, in batches of one."""

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
    """Time one backbone's stages in this process, and the bare loop in another."""
    with workbench(options, warehouse(options), options.images, **FITS) as bench:
        tensors = options.folder / f"{backbone}.npy"
        np.save(tensors, bench.inputs(backbone))
        try:
            return _measure(bench, backbone, tensors)
        finally:
            tensors.unlink()


def warehouse(options: Options) -> Path:
    """Return the warehouse shared by all backbones, whose features later benchmarks use."""
    return options.folder / "stages"


def _measure(bench: Workbench, backbone: str, tensors: Path) -> Times:
    """Time stages between two halves of the bare loop, as the speed of a shared machine varies."""
    settings, options = bench.settings, bench.options
    count = len(bench.ids())
    weights = resolve(options.weights, backbone, options.weights_store, settings.seed).path
    averaged = network(backbone).pooling(settings.pooling) == "avg"
    rounds = 1 if count > _SINGLE_ROUND_IMAGES else 2
    warm = bare_warm = 0.0
    with bare_loop(backbone, tensors, weights, averaged) as bare:
        half = bare.round(_BARE_BATCH, count // 2)
        start = bare.since_start() - half
        cold = bench.featurize(backbone)
        bare_cold = start + half + bare.round(_BARE_BATCH, count - count // 2)
        for _ in range(rounds):
            bare_warm += bare.round(_BARE_BATCH, count // 2) / rounds
            bench.delete_features(backbone)
            warm += bench.featurize(backbone) / rounds
            bare_warm += bare.round(_BARE_BATCH, count - count // 2) / rounds
        _check_equal(bench, backbone, bare.features())
        single = bare.round(1, min(count, _BATCH_OF_ONE_IMAGES)) / min(count, _BATCH_OF_ONE_IMAGES)
    train = bench.train(backbone)
    return Times(backbone, count, cold, bare_cold, warm, bare_warm, train, single, start)


def _check_equal(bench: Workbench, backbone: str, bare: npt.NDArray[np.float32]) -> None:
    """Check that featurizer and bare loop compute the same features, so that their times are comparable."""
    own = bench.first_features(backbone, len(bare))
    difference = float(np.abs(own - bare).max())
    if difference > 1e-4 * float(np.abs(bare).max()):
        raise RuntimeError(f"{backbone}: the featurizer and the bare loop differ by {difference:.2g}")


def featurize_ratios(t: Times) -> list[Ratio]:
    """Return the ratios of the bare loop's times to those of one backbone's stage."""
    cold = {"images": t.images, "bare s": t.bare_cold, "featurize s": t.cold}
    warm = {"images": t.images, "bare s": t.bare_warm, "featurize s": t.warm}
    name = f"featurize {t.backbone}, {{}}: bare loop / stage"
    return [
        Ratio(name.format("cold"), t.bare_cold / t.cold, Goal(low=0.90), cold),
        Ratio(name.format("warm"), t.bare_warm / t.warm, Goal(low=0.97), warm),
    ]


def classifiers_ratio(times: list[Times]) -> Ratio:
    """Return the ratio of the training times to the featurization times of all backbones."""
    train, featurized = sum(t.train for t in times), sum(t.cold for t in times)
    name = f"classifiers, {REPEATS} fits each: train / featurize"
    return Ratio(name, train / featurized, Goal(high=0.25), {"train s": train, "featurize s": featurized})
