"""The networks as parameters of tests: those that differ most always, the others with --thorough."""

from __future__ import annotations

from typing import Any

import pytest
from sparkdl.backbones import BACKBONES

# The smallest of all, with flat features, and one whose features are averaged.
QUICK = ("MobileNetV2", "ResNet50")


def networks(*quick: str) -> list[Any]:
    """Return all names, of which those not in `quick` (by default `QUICK`) are for --thorough."""
    always = quick or QUICK
    # The quick ones last: workers have the last of them in their cache for the tests that follow.
    names = sorted(BACKBONES, key=lambda name: always.index(name) if name in always else -1)
    return [pytest.param(name, marks=[pytest.mark.thorough] * (name not in always)) for name in names]
