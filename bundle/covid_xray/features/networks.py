"""The networks of a run: those of sparkdl, and those that config.yaml adds."""

from __future__ import annotations

from pathlib import Path

import sparkdl.weights
from sparkdl.backbones import BACKBONES, backbone
from sparkdl.errors import SparkdlError
from sparkdl.feature_map import FeatureMap
from sparkdl.feature_network import FeatureNetwork
from sparkdl.own_networks import (
    check_own_model,
    map_of_architecture,
    map_of_model,
    own_backbone,
    own_model,
    own_weights,
)
from sparkdl.precision import FLOAT32
from sparkdl.weights import Weights, find_file
from sparkdl.weights_inspection import validate_weights

from covid_xray.errors import SettingsError
from covid_xray.settings import Settings
from covid_xray.settings.own_network import OwnNetwork
from covid_xray.settings.wording import suggestion


def known_networks(settings: Settings) -> tuple[str, ...]:
    """Return the names of all networks."""
    return (*BACKBONES, *settings.networks)


def network_of(settings: Settings, name: str) -> FeatureNetwork:
    """Return a network by name; that of a file is built in a process of its own, which takes some seconds.

    Raises
    ------
    SettingsError
        If there is none.
    SparkdlError
        If its file cannot be used.
    """
    known = known_networks(settings)
    if name not in known:
        raise SettingsError(f"{name!r} is not a network{suggestion(name, known)}: use {', '.join(known)}")
    own = settings.networks.get(name)
    return backbone(name) if own is None else own_network(name, own, shapes_of(own))


def shapes_of(own: OwnNetwork) -> FeatureMap:
    """Return the shapes of the input and of the feature map of a network of one's own."""
    if own.architecture is not None:
        return map_of_architecture(own.architecture, own.size)
    return map_of_model(own.file, own.size, own.preprocessing or "none")


def own_network(name: str, own: OwnNetwork, shapes: FeatureMap) -> FeatureNetwork:
    """Return the record of a network of one's own."""
    if own.architecture is not None:
        return own_backbone(name, own.architecture, shapes, own.preprocessing)
    return own_model(name, shapes, own.preprocessing or "none")


def resolve_weights(settings: Settings, source: str, name: str, store: Path) -> Weights:
    """Find, download or draw the weights of a network, as `sparkdl.weights.resolve` does."""
    own = settings.networks.get(name)
    if own is not None:
        return own_weights(Path(source), name, own.architecture)
    return sparkdl.weights.resolve(source, name, store, settings.seed)


def check_own(settings: Settings, name: str) -> None:
    """Check a network of one's own as far as that is possible without building it.

    Raises
    ------
    SettingsError
        If its file does not exist or is not that of such a network, or it cannot be computed in the precision
        of the settings: the layers of a model in a file have one of their own.
    """
    own = settings.networks[name]
    try:
        _check_file(own)
    except SparkdlError as error:
        raise SettingsError(f"setting 'networks.{name}': {error}") from None
    if own.architecture is None and settings.precision != FLOAT32:
        raise SettingsError(
            f"{name} is a model in a file, whose layers are not computed in {settings.precision}: use --set "
            f"precision={FLOAT32}"
        )


def _check_file(own: OwnNetwork) -> None:
    if not own.file.is_file():
        raise SparkdlError(f"{own.file} is not a file: correct the path")
    if own.architecture is None:
        check_own_model(own.file, own.size, own.preprocessing or "none")
    else:
        validate_weights(find_file(own.file, backbone(own.architecture)), backbone(own.architecture))
