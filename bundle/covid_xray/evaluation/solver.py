"""Choose how the classifiers of a run are fitted, from the number of images and of features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from hashlib import sha256
from typing import Literal

from logistic.rows import Rows
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from sparkdl.projection import projected_length

from covid_xray.errors import SettingsError, StageError
from covid_xray.evaluation.cross_validation import AllAtOnce, Classifiers, InRowSpace
from covid_xray.evaluation.folds import Folds
from covid_xray.features.gram import FUSED, store_gram, stored_gram, to_kernel
from covid_xray.features.networks import check_own, known_networks, network_of
from covid_xray.features.stored import StoredFeatures
from covid_xray.settings import Settings
from covid_xray.settings.occlusion import ALL_NETWORKS
from covid_xray.settings.wording import suggestion
from covid_xray.storage.tables import Tables

Key = Mapping[str, str]
Way = Literal["row_space", "batched"]

# More images are not fitted in the row space unless asked for: a Gram matrix of so many has 72 MB, of which a
# worker holds those of five fused networks and five more.
MOST_IMAGES = 3000
# Nor at all if a row of a table would have more than 200 MB.
_MOST_IN_ROW_SPACE = 5000
# More features than these are not fitted all at once: second derivatives between 3,072 have 75 MB for each
# contrast of classes.
MOST_FEATURES = 8192
_FEWER = "--set dimensionality=1024 or --set pooling=avg, which leaves 512 or 2048 a network"
# Features that are kept in the memory of the driver instead of being read by every pass.
_MEMORY = 2**30


def way(images: int, features: int, solver: str) -> Way:
    """Return how classifiers of so many images and features are fitted.

    Raises
    ------
    StageError
        If neither way can be taken; the message says what can be changed.
    """
    if solver == "batched" and images <= MOST_IMAGES and features > MOST_FEATURES:
        raise StageError(
            f"{features} features cannot be fitted all at once, which takes {MOST_FEATURES} at most: use "
            f"--set solver=auto, or {_FEWER}"
        )
    if solver == "batched" or (solver == "auto" and images > MOST_IMAGES):
        if features > MOST_FEATURES:
            raise StageError(
                f"{images} images of {features} features each cannot be fitted all at once, which takes "
                f"{MOST_FEATURES} at most: use {_FEWER}, or at most {MOST_IMAGES} images (limit_per_class)"
            )
        return "batched"
    if images > _MOST_IN_ROW_SPACE:
        raise StageError(
            f"solver row_space needs a matrix of {images} x {images}, and can do {_MOST_IN_ROW_SPACE}: use "
            "--set solver=auto"
        )
    return "row_space"


def check_occlusion(settings: Settings) -> None:
    """Check that the networks exist from which parts of the pictures are to be hidden.

    Raises
    ------
    SettingsError
        If one does not; the message names it.
    """
    known = known_networks(settings)
    for name in settings.occlusion:
        if name != ALL_NETWORKS and name not in known:
            raise SettingsError(
                f"setting 'occlusion' names {name!r}, which is not a network"
                f"{suggestion(name, known)}: use {', '.join(known)} or {ALL_NETWORKS}"
            )


def check_networks(images: int, backbones: Sequence[str], settings: Settings) -> None:
    """Check that classifiers can be fitted on the features of each network, before they are computed.

    Those of all of them together, too, which `compare` fuses.

    Raises
    ------
    StageError
        If they cannot; the message names the network.
    SettingsError, SparkdlError
        If there is no such network, or its file cannot be used.
    """
    lengths = {}
    for name in backbones:
        if name in settings.networks:
            check_own(settings, name)
        width = network_of(settings, name).feature_length(settings.pooling)
        lengths[name] = projected_length(width, settings.dimensionality)
    for name, length in (lengths | {FUSED: sum(lengths.values())}).items():
        try:
            way(images, length, settings.solver)
        except StageError as error:
            raise StageError(f"{name}: {error}") from None


def classifiers(
    tables: Tables, keys: Sequence[Key], folds: Folds, settings: Settings, say: Callable[[str], None]
) -> Classifiers:
    """Return the classifiers on the features of one network, or on those of several.

    Gram matrices that are missing are computed and stored.

    Parameters
    ----------
    keys : sequence of mapping
        The feature key of each network.
    say : callable
        Is told which way is taken, and why.

    Raises
    ------
    StageError
        If an image has no features, or the classifiers cannot be fitted.
    """
    stored = (
        [stored_gram(tables, key, folds.ids) for key in keys]
        if _may_be_stored(len(folds.ids), settings)
        else []
    )
    matrices = [matrix for matrix in stored if matrix is not None]
    if len(matrices) == len(keys):
        say(f"fitting in the row space of {len(folds.ids)} images")
        return _in_row_space(tables, keys, folds, settings, matrices)
    networks = [StoredFeatures.of(tables.matching("features", key), folds.ids) for key in keys]
    widths = [network.width for network in networks]
    chosen = way(len(folds.ids), sum(widths), settings.solver)
    how = "in the row space of" if chosen == "row_space" else "all at once, on"
    say(f"fitting {how} {len(folds.ids)} images with {sum(widths)} features each")
    if chosen == "row_space":
        matrices = [
            store_gram(tables, key, network) if matrix is None else matrix
            for key, network, matrix in zip(keys, networks, stored, strict=True)
        ]
        return _in_row_space(tables, keys, folds, settings, matrices)
    features = networks[0] if len(keys) == 1 else _fused(tables, keys, folds.ids)
    return AllAtOnce(folds, settings.reg_param, _rows(features, folds), widths)


def _may_be_stored(images: int, settings: Settings) -> bool:
    return settings.solver == "row_space" or (settings.solver == "auto" and images <= MOST_IMAGES)


def _in_row_space(
    tables: Tables, keys: Sequence[Key], folds: Folds, settings: Settings, rows: Sequence[DataFrame]
) -> InRowSpace:
    def features() -> Rows:
        # Coefficients of fused networks are asked for nowhere.
        (key,) = keys
        return StoredFeatures.of(tables.matching("features", key), folds.ids).on_workers(folds.labels)

    return InRowSpace(
        folds=folds,
        reg_param=settings.reg_param,
        matrices=reduce(DataFrame.unionByName, rows),
        to_kernel=partial(to_kernel, ids=folds.ids),
        read=features,
    )


def _rows(features: StoredFeatures, folds: Folds) -> Rows:
    if features.n_bytes <= _MEMORY:
        return features.in_memory(folds.labels)
    return features.on_workers(folds.labels)


def _fused(tables: Tables, keys: Sequence[Key], ids: Sequence[str]) -> StoredFeatures:
    """Return the features of several networks side by side, stored once, since every pass reads them."""
    weights = " ".join(f"{key['backbone']} {key['weights_id']}" for key in keys)
    fused = {**keys[0], "backbone": FUSED, "weights_id": sha256(weights.encode()).hexdigest()}
    if not _has_all(tables.matching("features", fused), ids):
        each = [
            tables.matching("features", key)
            .dropDuplicates(["image_id"])
            .select("image_id", F.col("features").alias(f"features{place}"))
            for place, key in enumerate(keys)
        ]
        columns = [f"features{place}" for place in range(len(keys))]
        joined = reduce(lambda one, other: one.join(other, "image_id"), each)
        rows = joined.select("image_id", F.concat(*columns).alias("features"))
        where = {name: [value] for name, value in fused.items()}
        tables.replace("features", rows.withColumns({k: F.lit(v) for k, v in fused.items()}), where)
    return StoredFeatures.of(tables.matching("features", fused), ids)


def _has_all(stored: DataFrame, ids: Sequence[str]) -> bool:
    return set(ids) <= set(stored.select("image_id").toArrow()["image_id"].to_pylist())
