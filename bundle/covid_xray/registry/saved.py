"""Save and load models as files.

The files are JSON and NumPy arrays, which contain no code. Spark's persistence is not used: it reads and
writes through the JVM and needs a folder shared by driver and executors, while a registry provides a folder
on the driver only.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sparkdl.weights
from pydantic import BaseModel, ConfigDict
from sparkdl.backbones import backbone
from sparkdl.feature_map import FeatureMap
from sparkdl.network import NetworkSpec
from sparkdl.precision import FLOAT32

from covid_xray.errors import ModelError
from covid_xray.features.networks import own_network
from covid_xray.registry.classifier import Classifier
from covid_xray.registry.distance import FeatureSpread
from covid_xray.settings.own_network import OwnNetwork

CARD = "card.md"
# Folder of the weights of a model that carries them.
CARRIED = "weights"
_ABOUT, _ARRAYS = "model.json", "arrays.npz"


class About(BaseModel):
    """The metadata of a model.

    Attributes
    ----------
    classes : tuple of str
        In the order of the probabilities.
    weights : str
        Path of the weights file, which driver and workers can read.
    weights_id : str
        sha256 of the weights file.
    dimensionality : int or None
        To how many features those of the network are projected; None for not: earlier versions did not.
    image_ids : tuple of str
        The training images.
    pixel_ids : tuple of str
        The same by their pixels; empty in models of versions before 0.2.
    own, shapes : OwnNetwork and FeatureMap, or None
        Of a network that is not one of sparkdl's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str
    backbone: str
    task: str
    classes: tuple[str, ...]
    weights: str
    weights_id: str
    pooling: str
    preprocessing: str
    scale_hint: str
    precision: str = FLOAT32
    dimensionality: int | None = None
    batch_size: int
    image_ids: tuple[str, ...]
    pixel_ids: tuple[str, ...] = ()
    own: OwnNetwork | None = None
    shapes: FeatureMap | None = None

    def network_spec(self, threads: int = 1) -> NetworkSpec:
        """Return the network with its weights."""
        network = (
            backbone(self.backbone)
            if self.own is None or self.shapes is None
            else own_network(self.backbone, self.own, self.shapes)
        )
        return NetworkSpec(
            network,
            self.weights,
            self.pooling,
            threads,
            self.precision,
            dimensionality=self.dimensionality,
        )


@dataclass(frozen=True)
class SavedModel:
    """A classifier with its metadata, which can be applied to images."""

    about: About
    classifier: Classifier


def save(model: SavedModel, card: str, folder: Path, carry_weights: bool = False) -> None:
    """Write a model and its card to an existing folder, and a copy of its network's weights if asked to."""
    classifier = model.classifier
    (folder / _ABOUT).write_text(model.about.model_dump_json(indent=1), encoding="utf-8")
    (folder / CARD).write_text(card, encoding="utf-8")
    spread = np.array([classifier.spread.scale, classifier.spread.low, classifier.spread.high])
    np.savez(
        folder / _ARRAYS,
        coefficients=classifier.coefficients,
        intercepts=classifier.intercepts,
        mean=classifier.mean,
        spread=spread,
    )
    if carry_weights:
        (folder / CARRIED).mkdir()
        shutil.copy(model.about.weights, folder / CARRIED)


def load(folder: Path) -> SavedModel:
    """Read a model, and check that its weights file is unchanged.

    Raises
    ------
    ModelError
        If the weights file is missing or has changed.
    """
    about = About.model_validate_json((folder / _ABOUT).read_text(encoding="utf-8"))
    about = about.model_copy(update={"weights": str(_weights_file(about, folder))})
    with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
        spread = FeatureSpread(*map(float, arrays["spread"]))
        classifier = Classifier(arrays["coefficients"], arrays["intercepts"], arrays["mean"], spread)
    return SavedModel(about, classifier)


def _weights_file(about: About, folder: Path) -> Path:
    """Return the model's weights file: its own, else one that moved or was copied with the model."""
    recorded = Path(about.weights)
    carried = folder / CARRIED / recorded.name
    moved = [parent / recorded.parent.name / recorded.name for parent in folder.absolute().parents]
    existing = [file for file in (carried, *moved, recorded) if file.is_file()]
    for file in existing:
        if sparkdl.weights.sha256_of(file) == about.weights_id:
            return file
    name = f"the model of {about.backbone} for {about.task}"
    remedy = f"restore the file with sha256 {about.weights_id}, or train and register the model again"
    if not existing:
        raise ModelError(f"{name} needs the weights file {recorded}, which does not exist: {remedy}")
    raise ModelError(f"{name} was trained with other weights than {existing[0]} now contains: {remedy}")
