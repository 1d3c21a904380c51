"""Pair the rows of patients.csv with images: by path, then by file name, then without suffixes."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from radiograph.names import cut_suffix

from covid_xray.dataset.patients_table import ImageRow, normal_path

# A row, and the class that it is about.
LabelledRow = tuple[str, ImageRow]
# By a class and a form of a name: the paths of the images, in order.
_Index = Mapping[tuple[str, str], dict[str, None]]
_NamesOf = Callable[[ImageRow], Sequence[str]]


class AmbiguousRowError(Exception):
    """Raised with a row that could name any of several images."""

    def __init__(self, row: ImageRow, paths: Sequence[str]) -> None:
        super().__init__(f"line {row.line} names {len(paths)} images")
        self.row = row
        self.paths = paths


class Image(NamedTuple):
    """An image: its path as found, its class, and what is compared: the path from the class on and below."""

    path: str
    label: str
    full: str
    below: str

    @classmethod
    def of(cls, label: str, path: str) -> Image:
        """Return the image at `<Class>/<file>`."""
        return cls(path, label, normal_path(path), normal_path(path.removeprefix(f"{label}/")))


@dataclass(frozen=True)
class _Round:
    """How much of two names must agree.

    Attributes
    ----------
    cut_image, cut_row : bool
        Whether suffixes are cut.
    whole : bool
        Whether paths must agree from the class folder on; otherwise the longer one ends with the shorter.
    fold : bool
        Whether case is ignored.
    """

    cut_image: bool
    cut_row: bool
    whole: bool
    fold: bool

    def of_image(self, path: str) -> str:
        """Return the form of an image's path that is compared."""
        return self._form(path, self.cut_image)

    def of_row(self, path: str) -> str:
        """Return the form of a row's path that is compared."""
        return self._form(path, self.cut_row)

    def _form(self, path: str, cut: bool) -> str:
        form = cut_suffix(path) if cut else path
        return folded(form) if self.fold else form


# A copy may be named after the whole name of its original: `a.png.jpg`.
_CUTS = ((False, False), (True, False), (True, True))
_ROUNDS = [_Round(*cut, whole, fold) for cut, whole, fold in product(_CUTS, (True, False), (False, True))]
# A path tells more than names that may be those of several images, so they count only where it names none.
_COLUMNS: tuple[_NamesOf, ...] = (lambda row: (row.path,) if row.path else (), lambda row: row.names)


def label_finder(labels: Iterable[str]) -> Callable[[ImageRow], str | None]:
    """Return a function from a row to its label: that written, else the one folder of its path that is one.

    Case is ignored where that leaves one label.
    """
    same = {normal_path(label): label for label in labels}
    alike = defaultdict(list)
    for form, label in same.items():
        alike[folded(form)].append(label)

    def find(written: str) -> str | None:
        form = normal_path(written)
        only = alike.get(folded(form), [])
        return same.get(form) or (only[0] if len(only) == 1 else None)

    def of_row(row: ImageRow) -> str | None:
        if row.label and (label := find(row.label)):
            return label
        folders = [folder for name in (row.path or "", *row.names) for folder in name.split("/")[:-1]]
        found = {label for label in map(find, folders) if label}
        return found.pop() if len(found) == 1 else None

    return of_row


def pair(
    rows: Sequence[LabelledRow], images: Sequence[Image], labels: Iterable[str]
) -> dict[str, list[ImageRow]]:
    """Return the rows that name an image, by its path.

    What agrees in more of the name is paired first, and takes no part in later rounds.

    Parameters
    ----------
    labels : iterable of str
        All classes, also those without images.

    Raises
    ------
    AmbiguousRowError
        If a row could name several images, unless these have a row each and the rows say the same.
    """
    classes = {folded(normal_path(label)) for label in labels}
    pairs: dict[str, list[ImageRow]] = defaultdict(list)
    for names_of, how in product(_COLUMNS, _ROUNDS):
        waiting = [image for image in images if image.path not in pairs]
        named = [(label, row) for label, row in rows if names_of(row)]
        if not waiting or not named:
            continue
        groups = _groups(how, names_of, named, waiting, classes)
        for paths, of_paths in groups.items():
            if len(paths) > 1 and not _one_each(of_paths, paths):
                raise AmbiguousRowError(of_paths[0], paths)
            for path in paths:
                pairs[path] += of_paths
        done = {row.line for of_paths in groups.values() for row in of_paths}
        rows = [(label, row) for label, row in rows if row.line not in done]
    return pairs


def folded(text: str) -> str:
    """Return a text in a form that ignores case."""
    return unicodedata.normalize("NFC", text.casefold())


def _groups(
    how: _Round, names_of: _NamesOf, rows: Sequence[LabelledRow], images: Sequence[Image], classes: set[str]
) -> dict[tuple[str, ...], list[ImageRow]]:
    """Return the rows by the images that a name of theirs stands for."""
    whole, ends = _index(how, images)
    groups: dict[tuple[str, ...], list[ImageRow]] = defaultdict(list)
    for label, row in rows:
        places: dict[tuple[str, ...], None] = {}
        for name in map(how.of_row, names_of(row)):
            found: Collection[str] = whole.get((label, name), {}) | ends.get((label, name), {})
            if not found and not how.whole:
                found = _at_its_end(name, label, whole, classes)
            places[tuple(found)] = None
        for place in filter(None, places):
            groups[place].append(row)
    return groups


def _index(how: _Round, images: Sequence[Image]) -> tuple[_Index, _Index]:
    """Return the images by their path, from the class folder or below it, and by what ends that."""
    whole: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    ends: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for path, label, full, below in images:
        form = how.of_image(below)
        for place in (form, how.of_image(full)):
            whole[label, place][path] = None
        for end in () if how.whole else _ends(form):
            ends[label, end][path] = None
    return whole, ends


def _at_its_end(name: str, label: str, whole: _Index, classes: set[str]) -> Collection[str]:
    """Return the images of a class whose whole path is the end of a row's longer path."""
    for end in _ends(name):
        if (label, end) in whole:
            # `B/a.png` in a row about class A is not the file a.png of A.
            cut = {folded(part) for part in name[: -len(end)].split("/")}
            return {} if cut & classes - {folded(normal_path(label))} else whole[label, end]
    return {}


def _ends(path: str) -> Iterator[str]:
    """Yield what is left of a path without its first folder, its first two, and so on."""
    while "/" in path:
        path = path.split("/", 1)[1]
        yield path


def _one_each(rows: Sequence[ImageRow], paths: Sequence[str]) -> bool:
    return (
        len(rows) >= len(paths) and len({(row.patient_id, row.source, row.attributes) for row in rows}) == 1
    )
