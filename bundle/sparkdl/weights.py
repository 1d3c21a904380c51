"""Where a network's weights come from: decided once, on the driver; workers only read the file."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from sparkdl.backbones import Backbone, backbone
from sparkdl.contents import refuse_others
from sparkdl.errors import WeightsError
from sparkdl.files import write_whole

Kind = Literal["imagenet", "random", "file"]

# Exit code of a process that could not fetch weights, and has said why.
REFUSED = 3


@dataclass(frozen=True)
class Weights:
    """A weights file, its sha256 and what it is."""

    path: Path
    sha256: str
    kind: Kind


def kind_of(weights: str) -> Kind:
    """Tell what the text names: `imagenet`, `random`, or else a file or folder."""
    if weights == "imagenet":
        return "imagenet"
    return "random" if weights == "random" else "file"


def keras_home() -> Path:
    """Return Keras's own folder, where what has been fetched is kept: KERAS_HOME or ~/.keras."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")


def resolve(weights: str, name: str, store: Path, seed: int = 0) -> Weights:
    """Find, fetch or draw the weights of a network.

    Parameters
    ----------
    weights : str
        `imagenet`: Keras's own file, downloaded and checked by Keras on first use. `random`: drawn from
        `seed`. Else a weights file, or a folder that holds one under a name of `Backbone.weight_files`; if
        `<file>.sha256` lies beside it, it must be of that sha256.
    name : str
        One of the five networks.
    store : Path
        Folder in which fetched and random weights are kept; workers must see it too.

    Raises
    ------
    WeightsError
        If there are none, or they belong to another network, or are no longer what they were, in one line
        that says what to do.
    """
    net, kind = backbone(name), kind_of(weights)
    if kind == "imagenet":
        return _kept(store / net.weight_files[1], kind, lambda file: obtain_in_own_process(name, file, None))
    if kind == "random":
        drawn = store / f"{name.lower()}-random-{seed}.weights.h5"
        return _kept(drawn, kind, lambda file: obtain_in_own_process(name, file, seed))
    path = _find(Path(weights), net)
    record = _record(path).name
    sha256 = _checked(path, f"whose sha256 stands in {record} beside it: get it anew, or delete {record}")
    refuse_others(path, net)
    return Weights(path, sha256, kind)


def _find(given: Path, net: Backbone) -> Path:
    if given.is_file():
        if given.suffix != ".h5":
            raise WeightsError(
                f"{given} is not a .h5 weights file; other kinds can hold code and are not opened"
            )
        return given
    for name in net.weight_files:
        if (given / name).is_file():
            return given / name
    names = " or ".join(net.weight_files)
    raise WeightsError(f"no weights for {net.name} in {given}: put {names} there, or give imagenet or random")


def _kept(path: Path, kind: Kind, make: Callable[[Path], None]) -> Weights:
    """Make `path` unless it is there whole, which is what its sha256 beside it, written last, says."""
    recorded = _record(path)
    if not (recorded.is_file() and path.is_file()):
        path.parent.mkdir(parents=True, exist_ok=True)
        # HDF5 is written at random places, which a volume of a workspace does not take: make it elsewhere.
        with TemporaryDirectory() as elsewhere:
            made = Path(elsewhere) / path.name
            make(made)
            recorded.unlink(missing_ok=True)
            write_whole(path, lambda place: shutil.copyfile(made, place))
            write_whole(recorded, lambda place: place.write_text(f"{sha256_of(made)}\n", encoding="ascii"))
    return Weights(path, _checked(path, f"that was stored: delete it and {recorded.name} beside it"), kind)


def _record(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _checked(path: Path, expected: str) -> str:
    """Return the sha256, which must be the recorded one where there is a record."""
    sha256, recorded = sha256_of(path), _record(path)
    if recorded.is_file():
        words = recorded.read_text(encoding="ascii", errors="replace").split()
        if [word.lower() for word in words[:1]] != [sha256]:
            raise WeightsError(f"{path} is not the file {expected}")
    return sha256


def obtain_in_own_process(name: str, file: Path, seed: int | None) -> None:
    """Have `sparkdl.obtain` write a network's weights to `file`.

    Raises
    ------
    WeightsError
        If they cannot be fetched.
    RuntimeError
        If the process failed in any other way, with what it said last.
    """
    command = [sys.executable, "-m", "sparkdl.obtain", name, str(file)]
    command += [] if seed is None else [str(seed)]
    # Packages are found where this process finds them, which a notebook may have extended.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)}
    ended = subprocess.run(  # noqa: S603 - our own module and arguments
        command, env=environment, stderr=subprocess.PIPE, text=True, errors="replace", check=False
    )
    last = ended.stderr.strip().rsplit("\n", 1)[-1]
    if ended.returncode == REFUSED:
        raise WeightsError(last)
    if ended.returncode:
        raise RuntimeError(f"obtaining the weights of {name} ended with code {ended.returncode}: {last}")


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
