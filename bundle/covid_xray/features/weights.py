"""The weights that a run was featurized with, for stages after it that need the network once more."""

from __future__ import annotations

from pathlib import Path

import sparkdl.weights

from covid_xray.errors import StageError


def weights_of_run(weights: str, backbone: str, store: Path, seed: int, weights_id: str) -> Path:
    """Return the file that `weights` stands for, as `featurize` finds it.

    Raises
    ------
    StageError
        If it is not the one that the run was made with.
    """
    found = sparkdl.weights.resolve(weights, backbone, store, seed)
    if found.sha256 != weights_id:
        raise StageError(
            f"{backbone}: {found.path} has sha256 {found.sha256[:12]}, but the run was made with weights "
            f"{weights_id[:12]}: give those, or run featurize and train again"
        )
    return found.path
