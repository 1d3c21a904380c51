"""The key of stored features, and the division of images into chunks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from covid_xray.features.preprocessing import VERSIONS
from covid_xray.settings import Settings


def feature_key(settings: Settings, backbone: str, weights_id: str) -> dict[str, str]:
    """Return everything that features depend on, as column values of the table `features`."""
    return {
        "backbone": backbone,
        "weights_id": weights_id,
        "pooling": settings.pooling,
        "preprocessing": f"{settings.preprocessing}.{VERSIONS[settings.preprocessing]} {settings.scale_hint}",
    }


def chunked(ids: Sequence[str], size: int) -> list[Sequence[str]]:
    """Split into the fewest chunks of at most `size`, of equal length (within one).

    A full and a short chunk would leave cores idle at the end of each.
    """
    count = -(-len(ids) // size)
    bounds = [len(ids) * chunk // count for chunk in range(count + 1)]
    return [ids[start:end] for start, end in pairwise(bounds)]
