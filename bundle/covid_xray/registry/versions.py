"""What is told to a registry, and what comes back from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from covid_xray.registry.saved import SavedModel


@dataclass(frozen=True)
class Record:
    """What is logged of one fitted model.

    Attributes
    ----------
    name : str
        Of the registered model, as `Registry.name_of` gives it.
    title : str
        Of the run.
    identity : mapping of str to str
        Tags that only models of the same inputs share.
    tags : mapping of str to str
        More tags of the run.
    version_tags : mapping of str to str
        Tags of the version; their keys have no dots, which Unity Catalog refuses.
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
    """A version and its model, ready to be applied."""

    version: Version
    model: SavedModel
