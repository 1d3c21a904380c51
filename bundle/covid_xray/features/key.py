"""The key of stored features."""

from __future__ import annotations

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
