"""What patients.csv and metadata.csv say of the images of a folder."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

from covid_xray.dataset.attributes import ATTRIBUTES, Attributes
from covid_xray.dataset.matching import AmbiguousRowError, Image, label_finder, pair
from covid_xray.dataset.patients_table import ImageRow, PatientsTable
from covid_xray.dataset.record import count_unknown
from covid_xray.errors import DataError
from covid_xray.privacy.pseudonyms import pseudonym
from covid_xray.progress import counted

# What the values of a row are called in messages, and where they stand.
_VALUES = {"patient_id": "patients", "source": "sources"} | {
    f"attributes.{name}": f"{name}{'es' if name == 'sex' else 's'}" for name in ATTRIBUTES
}
# Texts that a note shows, each cut to so many characters.
_MOST_SHOWN, _LONGEST_SHOWN = 3, 30
_WRITE_PATH = "write the path below the class folder in place of the file's name"


@dataclass(frozen=True)
class Given:
    """What files say of the images of a folder.

    Attributes
    ----------
    patients, sources : mapping of str to str
        By the path of the image, for those of which a file says them.
    rows : int
        Rows of the files about the folder's classes.
    unmatched : int
        Those of them that name no image of the folder.
    attributes : mapping of str to Attributes
        By the path of the image, for those of which a file says any.
    unread : mapping of str to mapping of str to int
        By attribute, what is written and not understood, and of how many images; with a key for pseudonyms
        an empty text in place of what is written.
    """

    patients: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0
    unmatched: int = 0
    attributes: Mapping[str, Attributes] = field(default_factory=dict)
    unread: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


# A row with the file that it is of.
_Told = tuple[Path, ImageRow]


def match(
    tables: Iterable[PatientsTable],
    images: Iterable[tuple[str, str]],
    other_labels: Sequence[str] = (),
    key: bytes | None = None,
) -> Given:
    """Find what the rows of files say of the images of a folder.

    Parameters
    ----------
    images : iterable of (str, str)
        Label and path, `<Class>/<file>`, of each file of the folder.
    other_labels : sequence of str
        Classes that are not read, or have no folder: rows about them are not counted.
    key : bytes or None
        Key for the pseudonyms of patients; with one, messages name neither files nor ids.

    Raises
    ------
    DataError
        If an image gets two patients, sources, views, sexes or ages, in one file or in two, a row could name
        several images, or no row of a file names an image though there are rows and images.
    """
    found = [Image.of(label, path) for label, path in images]
    told: dict[str, list[_Told]] = defaultdict(list)
    rows = unmatched = 0
    for table in tables if found else ():
        about, pairs = _pairs(table, found, other_labels, key)
        rows += about
        unmatched += about - len({row.line for paired in pairs.values() for row in paired})
        for path, paired in pairs.items():
            told[path] += [(table.file, row) for row in paired]
    values = {column: _agreed(told, column, key) for column in _VALUES}
    patients, sources, *others = values.values()
    attributes = {path: Attributes(*(of_column.get(path) for of_column in others)) for path in told}
    known = {path: of_path for path, of_path in attributes.items() if of_path != Attributes()}
    _check_spellings(told, key)
    return Given(patients, sources, rows, unmatched, known, _unread(told, attributes, key))


def patients_note(given: Given, patients: Iterable[str]) -> str:
    """Return in words what the files leave open about images of these patients; empty if nothing."""
    notes = []
    if unknown := count_unknown(patients):
        notes.append(f"{unknown} whose patient is unknown, each counted as a separate patient")
    if given.unmatched:
        name = "names" if given.unmatched == 1 else "name"
        rows = counted(given.rows, "row")
        notes.append(f"{given.unmatched} of {rows} of the patients and metadata files {name} no image")
    notes += [_unread_note(name, texts) for name, texts in given.unread.items()]
    return "; ".join(notes)


def _unread(
    told: Mapping[str, Sequence[_Told]], attributes: Mapping[str, Attributes], key: bytes | None
) -> dict[str, Counter[str]]:
    """Count by attribute the images of which nothing is written but what is not understood."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for path, rows in told.items():
        written = {name: text for _, row in rows for name, text in row.unread.items()}
        for name, text in written.items():
            if getattr(attributes[path], name) is None:
                # A cell in the wrong column may name somebody.
                found[name][text if key is None else ""] += 1
    return dict(found)


def _unread_note(attribute: str, texts: Mapping[str, int]) -> str:
    """Return how many images have an attribute that is not understood, with the most frequent texts."""
    common = [text for text, _ in Counter(texts).most_common(_MOST_SHOWN) if text]
    such = f" ({', '.join(map(_cut, common))}{', ...' if len(texts) > _MOST_SHOWN else ''})" if common else ""
    article = "an" if attribute == "age" else "a"
    return (
        f"{sum(texts.values())} with {article} {attribute} that is not understood{such}, counted as not known"
    )


def _cut(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}...")


def _check_spellings(told: Mapping[str, Sequence[_Told]], key: bytes | None) -> None:
    """Raise a DataError if the names of two sources differ only by case or blanks."""
    rows = {(file, row.line): row for of_path in told.values() for file, row in of_path if row.source}
    first: dict[str, tuple[tuple[Path, int], ImageRow]] = {}
    for place in sorted(rows):
        row = rows[place]
        there, other = first.setdefault(" ".join(str(row.source).casefold().split()), (place, row))
        if other.source != row.source:
            # That of a source may name somebody.
            names = f", {_cut(str(other.source))} and {_cut(str(row.source))}," if key is None else ""
            raise DataError(
                f"{there[0]}, line {there[1]}, and {place[0]}, line {place[1]}: the sources{names} differ "
                "only by case or blanks: write one of them throughout"
            )


def _pairs(
    table: PatientsTable, images: Sequence[Image], other_labels: Sequence[str], key: bytes | None
) -> tuple[int, Mapping[str, Sequence[ImageRow]]]:
    """Return how many rows are about the folder's classes, and by path those that name an image."""
    own = {image.label for image in images}
    find_label = label_finder([*own, *other_labels])
    told = [(find_label(row), row) for row in table.rows]
    rows = [(label, row) for label, row in told if label is None or label in own]
    try:
        pairs = pair([(label, row) for label, row in rows if label], images, {*own, *other_labels})
    except AmbiguousRowError as error:
        raise DataError(_ambiguous(table, error, key)) from None
    if rows and not pairs:
        raise DataError(_no_match(table, rows[0][1], images[0], key))
    return len(rows), pairs


def _agreed(told: Mapping[str, Sequence[_Told]], column: str, key: bytes | None) -> dict[str, Any]:
    value_of, values = attrgetter(column), {}
    for path, rows in told.items():
        given: dict[Any, Path] = {}
        for file, row in rows:
            if (value := value_of(row)) is not None:
                given.setdefault(value, file)
        if len(given) > 1:
            raise DataError(_two_values(path, column, given, key))
        if given:
            values[path] = next(iter(given))
    return values


def _two_values(path: str, column: str, given: Mapping[Any, Path], key: bytes | None) -> str:
    (one, of_one), (other, of_other) = list(given.items())[:2]
    # The name of an image may contain a patient's id.
    said = f"{path if key is None else 'an image of ' + path.partition('/')[0]} two {_VALUES[column]}"
    if column == "patient_id":
        one, other = (name if key is None else pseudonym(name, key) for name in (one, other))
    # That of a source may name somebody.
    if column != "source":
        said += f", {one} and {other}"
    if of_one == of_other:
        return f"{of_one} gives {said}: leave one of the rows, or {_WRITE_PATH}"
    return f"{of_one} and {of_other} give {said}: correct one of them"


def _ambiguous(table: PatientsTable, error: AmbiguousRowError, key: bytes | None) -> str:
    such = "" if key else f", such as {error.paths[0]} and {error.paths[1]}"
    return f"{table.file}, line {error.row.line} could name {len(error.paths)} images{such}: {_WRITE_PATH}"


def _no_match(table: PatientsTable, row: ImageRow, image: Image, key: bytes | None) -> str:
    name = row.path or next(iter(row.names), "no file")
    label = f" as {row.label}" if row.label else ""
    shown = "" if key else f" (line {row.line} names {name}{label}; an image is {image.path})"
    return (
        f"no row of {table.file} names an image of the folder{shown}: correct its labels and file names, or "
        "give the file that belongs to these images"
    )
