"""A network of one's own, as config.yaml names it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sparkdl.backbones import BACKBONES
from sparkdl.feature_network import Preprocessing

from covid_xray.settings.wording import suggestion

# They become part of names of runs, where _ separates the task, and of models, which are in lower case.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,49}")
# What else stands where a network does: in commands and `occlusion`, and beside it in tables and on the page,
# where the fusion of all networks and the baselines are.
_TAKEN = ("all", "sample", "fused")
_BASELINES = ("source", "metadata", "majority", "border", "thumbnail", "compressibility")


class OwnNetwork(BaseModel):
    """Another network beside those of sparkdl.

    Attributes
    ----------
    architecture, weights : str
        A name in `sparkdl.backbones.BACKBONES` and the path of its weights, without the top.
    model : str
        In place of both, the path of a whole Keras model.
    size : int or None
        Height and width of its input in pixels; None for those of the architecture, or that the model names.
    preprocessing : str or None
        As of `sparkdl.feature_network.OwnModel`; None for the architecture's own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    architecture: str | None = None
    weights: str | None = None
    model: str | None = None
    size: Annotated[int, Field(strict=True, ge=32, le=2048)] | None = None
    preprocessing: Preprocessing | None = None

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> Self:
        if self.model is not None:
            if self.architecture is not None or self.weights is not None:
                raise ValueError("give either a model, or an architecture and its weights")
            if self.preprocessing is None:
                raise ValueError(
                    "a model needs its preprocessing: caffe, tf or torch as in Keras, unit for 0 to 1, none "
                    "for 0 to 255"
                )
        elif self.architecture is None:
            raise ValueError("give an architecture and its weights, or a model")
        elif self.architecture not in BACKBONES:
            near = suggestion(self.architecture, BACKBONES)
            raise ValueError(
                f"{self.architecture!r} is not a known architecture{near}: use {', '.join(BACKBONES)}"
            )
        elif self.weights is None:
            raise ValueError(f"the weights of {self.architecture} are missing: add weights: PATH")
        return self

    @property
    def file(self) -> Path:
        """Its weights, or the model."""
        return Path(self.model or self.weights or "")

    @property
    def input(self) -> str:
        """What its features depend on besides that file, as part of their key."""
        return " ".join(str(part or "own") for part in (self.architecture, self.size, self.preprocessing))

    def resolved_in(self, folder: Path) -> OwnNetwork:
        """Return the same with an absolute path, where it is relative to `folder`."""
        given = "model" if self.model is not None else "weights"
        return self.model_copy(update={given: str((folder / self.file).resolve())})


def check_names(networks: Mapping[str, OwnNetwork]) -> Mapping[str, OwnNetwork]:
    """Check that the names can be told from others and be part of names of runs and models.

    Raises
    ------
    ValueError
        If one cannot.
    """
    taken = {name.lower(): f"{name} is one of Keras's" for name in BACKBONES}
    taken |= {name: f"{name!r} stands for something else in commands and tables" for name in _TAKEN}
    taken |= {name: f"{name!r} is a baseline" for name in _BASELINES}
    for name in networks:
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"the name {name!r} must consist of at most 50 letters and digits, and begin with a letter"
            )
        if used := taken.get(name.lower()):
            raise ValueError(f"a network cannot be called {name!r}, as {used}: give it another name")
        taken[name.lower()] = f"there is {name!r} already, and names of models are in lower case"
    return networks
