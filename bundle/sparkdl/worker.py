"""What a worker process holds: one model at a time, built when the first value needs it."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt

from sparkdl.runtime import network_settings


class Model(Protocol):
    """A model ready to be applied."""

    def apply(self, batch: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Turn inputs, the first axis of which counts them, into outputs."""


class Spec(Protocol):
    """Everything that distinguishes one model from another; equal specs make equal models."""

    @property
    def file(self) -> str:
        """The file that the model is read from."""

    def load(self) -> Model:
        """Build the model."""


_cached: tuple[Spec, int, Model] | None = None


def cached_model(spec: Spec) -> Model:
    """Return the process's model, which another spec or a changed file replaces.

    Each call reads the file's modification time.

    Spark's workers collect garbage after each task, which takes a quarter of a second over all the objects of
    TensorFlow and a network. None of them is garbage while the model is cached, so they are frozen: the
    collector skips them.
    """
    global _cached
    modified = Path(spec.file).stat().st_mtime_ns
    if _cached is None or _cached[:2] != (spec, modified):
        if _cached is not None:
            _cached = None
            with network_settings() as keras:
                keras.utils.clear_session()
            gc.unfreeze()
            gc.collect()
        _cached = (spec, modified, spec.load())
        gc.freeze()
    return _cached[2]
