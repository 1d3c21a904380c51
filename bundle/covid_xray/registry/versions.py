"""The records and versions that are exchanged with a model registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from covid_xray.registry.saved import SavedModel

# Tag of a version: why it should not be the champion.
AGAINST = "against"


@dataclass(frozen=True)
class Record:
    """The data logged for one fitted model.

    Attributes
    ----------
    name : str
        Name of the registered model, from `Registry.name_of`.
    title : str
        Name of the MLflow run.
    identity : mapping of str to str
        Tags that are equal only for models with the same inputs.
    tags : mapping of str to str
        Further tags of the run.
    version_tags : mapping of str to str
        Tags of the version; Unity Catalog does not allow dots in their keys.
    figures : mapping of str to bytes
        PNG files by name.
    """

    name: str
    title: str
    identity: Mapping[str, str]
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    version_tags: Mapping[str, str]
    figures: Mapping[str, bytes]


@dataclass(frozen=True)
class Version:
    """A version of a registered model."""

    name: str
    number: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Registered:
    """A version and its loaded model."""

    version: Version
    model: SavedModel
