"""The network's last map of some images, where `features` holds only its means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sparkdl.backbones import backbone as network

from covid_xray.features.collect import collect_rows
from covid_xray.features.compute import features_of
from covid_xray.settings import Settings
from covid_xray.storage.tables import Tables


def unpooled(
    tables: Tables, settings: Settings, backbone: str, weights: Path, ids: Sequence[str]
) -> npt.NDArray[np.float32]:
    """Show the network the images `ids` again.

    Returns
    -------
    ndarray of float32, shape (len(ids), cells, channels)
        In their order.

    Raises
    ------
    StageError
        If an image is gone or cannot be opened any more.
    """
    rows = collect_rows(features_of(tables, settings, ids, backbone, weights, "none"), ids)
    found = np.empty(rows.shape, np.float32)
    for places, piece in zip(rows.indices, rows.chunks, strict=True):
        found[places] = piece
    return found.reshape(len(ids), -1, network(backbone).channels)
