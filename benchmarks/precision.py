"""The featurize stage in bfloat16 against the same stage in float32, both warm, in one process."""

from __future__ import annotations

from collections.abc import Iterator

from sparkdl.precision import BFLOAT16, FLOAT32, bfloat16_instructions

from benchmarks.options import Options
from benchmarks.result import Goal, Ratio
from benchmarks.workbench import Workbench, workbench

_AMX = "amx_bf16"
# What processors with AMX, and those with vector instructions alone, should reach.
_GOALS = {
    "VGG16": (3.0, 1.9),
    "VGG19": (3.0, 1.9),
    "InceptionV3": (1.8, 1.4),
    "Xception": (1.5, 1.4),
    "ResNet50": (1.5, 1.25),
}


def measure(options: Options, backbone: str) -> Ratio:
    """Time a backbone's stage in each precision, float32 before and after bfloat16.

    The speed of a shared machine varies, and a second round shows which of its variations are its own.
    """
    seconds = {FLOAT32: 0.0, BFLOAT16: 0.0}
    for precision in (FLOAT32, BFLOAT16, FLOAT32, BFLOAT16):
        warehouse = options.folder / f"precision-{precision}"
        with workbench(options, warehouse, options.images, precision=precision) as bench:
            seconds[precision] += _warm(bench, backbone) / 2
    goal = _GOALS[backbone][0 if _AMX in bfloat16_instructions() else 1]
    measured = {f"{precision} s": taken for precision, taken in seconds.items()}
    name = f"featurize {backbone}, warm: float32 / bfloat16"
    return Ratio(name, seconds[FLOAT32] / seconds[BFLOAT16], Goal(low=goal), measured)


def left_out() -> Iterator[str]:
    """Yield why nothing can be measured here, if so."""
    if not bfloat16_instructions():
        yield "precision is left out: this processor has no instructions for bfloat16"


def _warm(bench: Workbench, backbone: str) -> float:
    """Return the seconds of the stage once the workers have loaded the network."""
    bench.delete_features(backbone)
    bench.featurize(backbone)
    bench.delete_features(backbone)
    return bench.featurize(backbone)
