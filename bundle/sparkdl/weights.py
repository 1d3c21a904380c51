"""Where a network's weights come from. Resolved once, on the driver; workers only read the file."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from sparkdl.backbones import Backbone, backbone
from sparkdl.errors import WeightsError
from sparkdl.files import atomic_write
from sparkdl.own_process import run_module
from sparkdl.weights_inspection import validate_weights

Kind = Literal["imagenet", "random", "file"]

# Keras's file with the names of ImageNet's classes.
CLASS_NAMES = "imagenet_class_index.json"


@dataclass(frozen=True)
class Weights:
    """A weights file, its sha256 and its kind."""

    path: Path
    sha256: str
    kind: Kind


def kind_of(weights: str) -> Kind:
    """Return the kind of weights that the text asks for: `imagenet`, `random`, or else a file or folder."""
    if weights == "imagenet":
        return "imagenet"
    return "random" if weights == "random" else "file"


def keras_home() -> Path:
    """Return the folder in which Keras stores downloads: KERAS_HOME or ~/.keras."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")


def resolve(weights: str, name: str, store: Path, seed: int = 0, top: bool = False) -> Weights:
    """Find, download or draw the weights of a network.

    Parameters
    ----------
    weights : str
        `imagenet`: Keras's own file, downloaded and checked by Keras on first use. `random`: drawn from
        `seed`. Else a weights file, or a folder that holds one under a name of `Backbone.weight_files`; if
        `<file>.sha256` is next to it, the file must have that sha256.
    name : str
        A name in `sparkdl.backbones.BACKBONES`.
    store : Path
        Folder in which downloaded and random weights are stored. Workers must see it too.
    top : bool
        Whether they are for the network with its top.

    Raises
    ------
    WeightsError
        If there are none, if they belong to another network, or if the file has changed since it was stored,
        in one line that says what to do.
    """
    net, kind = backbone(name), kind_of(weights)
    if kind == "imagenet":
        stored = store / net.keras_file(top).name
        return _stored(stored, kind, lambda file: obtain_in_own_process(name, file, None, top))
    if kind == "random":
        drawn = store / f"{name.lower()}{'-top' if top else ''}-random-{seed}.weights.h5"
        return _stored(drawn, kind, lambda file: obtain_in_own_process(name, file, seed, top))
    return of_file(Path(weights), net, top)


def of_file(given: Path, net: Backbone, top: bool = False) -> Weights:
    """Return the weights in a file or folder, as `resolve` does."""
    path = find_file(given, net, top)
    sha256 = verified(path)
    validate_weights(path, net, top)
    return Weights(path, sha256, "file")


def find_file(given: Path, net: Backbone, top: bool = False) -> Path:
    """Return a network's weights file: `given` itself, or the file in that folder.

    Raises
    ------
    WeightsError
        If there is none, or it is not a .h5 file.
    """
    if given.is_file():
        if given.suffix != ".h5":
            raise WeightsError(
                f"{given} is not a .h5 weights file; other kinds can hold code and are not opened"
            )
        return given
    for name in net.weight_files(top):
        if (given / name).is_file():
            return given / name
    names = " or ".join(net.weight_files(top))
    if not given.exists():
        raise WeightsError(
            f"weights: there is no file or folder {given}: correct the path, or give imagenet or random"
        )
    which = f"{net.name} with its top" if top else net.name
    raise WeightsError(f"no weights for {which} in {given}: put {names} there, or give imagenet or random")


def _stored(path: Path, kind: Kind, make: Callable[[Path], None]) -> Weights:
    """Return the stored file, made first if it is missing or incomplete.

    Its sha256 file is written last, so a file without one may be incomplete.
    """
    recorded = _sha256_file(path)
    if not (recorded.is_file() and path.is_file()):
        path.parent.mkdir(parents=True, exist_ok=True)
        # HDF5 needs random access for writing, which a volume of a workspace does not have: make it
        # elsewhere.
        with TemporaryDirectory() as folder:
            made = Path(folder) / path.name
            make(made)
            recorded.unlink(missing_ok=True)
            atomic_write(path, lambda target: shutil.copyfile(made, target))
            sha256 = sha256_of(made)
            atomic_write(recorded, lambda target: target.write_text(f"{sha256}\n", encoding="ascii"))
    return Weights(path, _verify(path, f"that was stored: delete it and {recorded.name} next to it"), kind)


def _sha256_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def verified(path: Path) -> str:
    """Return the sha256 of a file, which must be the one in `<file>.sha256` if that is next to it."""
    name = _sha256_file(path).name
    return _verify(path, f"whose sha256 is in {name} next to it: get the file again, or delete {name}")


def _verify(path: Path, expected: str) -> str:
    """Return the sha256 of a file, which must be the recorded one if there is a sha256 file."""
    sha256, recorded = sha256_of(path), _sha256_file(path)
    if recorded.is_file():
        fields = recorded.read_text(encoding="ascii", errors="replace").split()
        if [field.lower() for field in fields[:1]] != [sha256]:
            raise WeightsError(f"{path} is not the file {expected}")
    return sha256


def obtain_in_own_process(name: str, file: Path, seed: int | None, top: bool = False) -> None:
    """Run `sparkdl.obtain` to write a network's weights, or the file `CLASS_NAMES`, to `file`.

    Raises
    ------
    WeightsError
        If it cannot be downloaded.
    RuntimeError
        As of `run_module`.
    """
    given = [name, str(file)]
    given += [] if seed is None else ["--seed", str(seed)]
    given += ["--top"] if top else []
    run_module("sparkdl.obtain", given, WeightsError)


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
