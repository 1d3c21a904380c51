"""Files that are special by where they lie and what they are called."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from radiograph import Reason

from tests.corpus.case import ACCEPTED, PASSED_OVER, Case, case
from tests.corpus.pictures import drawn

NAMES = (
    "with space.png",
    'it\'s "quoted".png',
    "two\nlines.png",
    "lung \N{LUNGS} \u80ba.png",
    "-rf.png",
    "..png",
    "a..b.png",
    "100%20[1]*?.png",
    "back\\slash.png",
    "comma,semicolon;.png",
    "n" * 251 + ".png",
    "\N{LUNGS}" * 62 + "abc.png",
    "deep/er/inside.png",
)


def places() -> list[Case]:
    """All of them; links out of the class folder lead two folders up."""
    return [*_names(), *_passed_over(), *_links(), *_no_files()]


def _names() -> Iterator[Case]:
    for name in NAMES:
        yield case(name, drawn(name), PASSED_OVER if name.startswith(".") else ACCEPTED)
    latin = os.fsdecode(b"caf\xe9.png")
    yield case(latin, drawn("latin"), Reason.unreadable, told="caf\\xe9.png")


def _passed_over() -> Iterator[Case]:
    for name in (".hidden.png", ".DS_Store", "Thumbs.db", "desktop.ini", ".git/inside.png"):
        yield case(name, drawn(name), PASSED_OVER)


def _links() -> Iterator[Case]:
    yield case("dangling.png", _link("nothing there.png"), Reason.unreadable)
    yield case("loop.png", _link("loop.png"), Reason.unreadable)
    yield case("circle.png", _circle, Reason.unreadable)
    yield case("to the folder.png", _link("."), Reason.unreadable)
    yield case("out.png", _outwards, Reason.outside_root)
    yield case("absolute.png", _link("/etc/hostname"), Reason.outside_root)
    yield case("linked within.png", _inwards, ACCEPTED)


def _no_files() -> Iterator[Case]:
    yield case("folder.png", Path.mkdir, PASSED_OVER)
    yield case("another folder.png/inside.png", drawn("in a folder"), ACCEPTED)
    yield case("pipe.png", os.mkfifo, Reason.unreadable)
    yield case("locked.png", _locked, Reason.unreadable, needs_permissions=True)


def _link(target: str) -> Callable[[Path], None]:
    return lambda place: place.symlink_to(target)


def _circle(place: Path) -> None:
    """A link to a hidden one that leads back."""
    place.symlink_to(".circle")
    (place.parent / ".circle").symlink_to(place.name)


def _outwards(place: Path) -> None:
    secret = place.parent.parent.parent / "secret.png"
    secret.write_bytes(drawn("secret"))
    place.symlink_to(secret)


def _inwards(place: Path) -> None:
    """A link to a file that is hidden, so that no second path leads to it."""
    (place.parent / ".target.png").write_bytes(drawn("target"))
    place.symlink_to(".target.png")


def _locked(place: Path) -> None:
    place.write_bytes(drawn("locked"))
    place.chmod(0)
