"""The key of stored features."""

from __future__ import annotations

from sparkdl.precision import FLOAT32
from sparkdl.projection import VERSION

from covid_xray.features.pictures import VERSIONS
from covid_xray.settings import Settings


def feature_key(settings: Settings, backbone: str, weights_id: str) -> dict[str, str]:
    """Return everything that features depend on, as column values of the table `features`."""
    version = f"{settings.preprocessing}.{VERSIONS[settings.preprocessing]} {settings.scale_hint}"
    if backbone in settings.networks:
        version += f" {settings.networks[backbone].input}"
    return {
        "backbone": backbone,
        "weights_id": weights_id,
        "pooling": _pooling(settings),
        # Features that earlier versions stored are of float32, which they do not name.
        "preprocessing": version if settings.precision == FLOAT32 else f"{version} {settings.precision}",
    }


def _pooling(settings: Settings) -> str:
    # Features that are not projected are those of earlier versions, which could not.
    if settings.dimensionality is None:
        return settings.pooling
    # Also where a network has no more features than these: the key of fused networks has one text for all.
    return f"{settings.pooling} to {settings.dimensionality}.{VERSION}"
