"""What stored features are known by, and how work on many images is cut up."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from covid_xray.features.preprocessing import VERSIONS
from covid_xray.settings import Settings


def feature_key(settings: Settings, backbone: str, weights_id: str) -> dict[str, str]:
    """Return all that features depend on, by column: what is computed otherwise has another key."""
    return {
        "backbone": backbone,
        "weights_id": weights_id,
        "pooling": settings.pooling,
        "preprocessing": f"{settings.preprocessing}.{VERSIONS[settings.preprocessing]} {settings.scale_hint}",
    }


def chunked(ids: Sequence[str], size: int) -> list[Sequence[str]]:
    """Cut into as few parts of at most `size` as there must be, all as long as each other.

    A full part and a short one would leave cores idle at the end of both.
    """
    count = -(-len(ids) // size)
    cuts = [len(ids) * part // count for part in range(count + 1)]
    return [ids[start:end] for start, end in pairwise(cuts)]
