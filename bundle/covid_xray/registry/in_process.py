"""Apply a model in one process, without Spark, as a server does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt
from radiograph import Refused, open_xray
from sparkdl.images import to_input
from sparkdl.network import NetworkSpec
from sparkdl.worker import cached_model

from covid_xray.features.pictures import input_of
from covid_xray.registry.saved import About, SavedModel

# TensorFlow's graph may be called by many threads, but a process builds one network at a time.
_building = Lock()


@dataclass(frozen=True)
class Prediction:
    """What a model says of one image.

    Attributes
    ----------
    prediction : str
        The class.
    probability : tuple of float
        In the order of the model's classes.
    distance : float
        As of `covid_xray.registry.distance`.
    out_of_distribution : bool
        Whether the distance is outside those of the training images.
    """

    prediction: str
    probability: tuple[float, ...]
    distance: float
    out_of_distribution: bool


def predict(model: SavedModel, files: Sequence[bytes | None], threads: int) -> list[Prediction | None]:
    """Return a prediction for each encoded file; None where there is none, or it is refused as no X-ray.

    Parameters
    ----------
    files : sequence of bytes or None
        PNG, JPEG, TIFF, DICOM and others, as `radiograph.open_xray` takes them.
    threads : int
        Threads of the network.
    """
    found: list[Prediction | None] = []
    spec, batch_size = model.about.network_spec(threads), model.about.batch_size
    for start in range(0, len(files), batch_size):
        inputs = [_input(model.about, spec, file) for file in files[start : start + batch_size]]
        known = iter(_of_inputs(model, spec, [one for one in inputs if one is not None]))
        found += [None if one is None else next(known) for one in inputs]
    return found


def _input(about: About, spec: NetworkSpec, file: bytes | None) -> npt.NDArray[np.uint8] | None:
    if file is None:
        return None
    try:
        # As `score` has them: what the networks' decoder cannot read itself is written as PNG.
        content = open_xray(file).content()
    except Refused:
        return None
    picture = content if about.preprocessing == "plain" else input_of(content, about.preprocessing)
    return to_input(picture, spec.network.size, about.scale_hint)


def _of_inputs(
    model: SavedModel, spec: NetworkSpec, inputs: Sequence[npt.NDArray[np.uint8]]
) -> Iterator[Prediction]:
    if not inputs:
        return
    about, classifier = model.about, model.classifier
    with _building:
        network = cached_model(spec)
    features = network.apply(np.stack(inputs))
    distances = classifier.distances(features)
    for probability, distance in zip(classifier.probabilities(features), distances, strict=True):
        name = about.classes[int(probability.argmax())]
        outside = classifier.spread.is_outside(float(distance))
        yield Prediction(name, tuple(probability.tolist()), float(distance), outside)
