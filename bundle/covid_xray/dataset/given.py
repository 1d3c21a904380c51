"""The patients and sources that patients.csv gives the images of a folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from covid_xray.dataset.matching import AmbiguousRowError, Image, label_finder, pair
from covid_xray.dataset.patients_table import ImageRow, PatientsTable
from covid_xray.dataset.record import count_unknown
from covid_xray.errors import DataError
from covid_xray.privacy.pseudonyms import pseudonym

# What the two values of a row are called in messages.
_TWO = {"patient_id": "patients", "source": "sources"}
_WRITE_PATH = "write the path below the class folder in place of the file's name"


@dataclass(frozen=True)
class Given:
    """What a file says of the images of a folder.

    Attributes
    ----------
    patients, sources : mapping of str to str
        By the path of the image, for those of which the file says them.
    rows : int
        Rows of the file about the folder's classes.
    unmatched : int
        Those of them that name no image of the folder.
    """

    patients: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0
    unmatched: int = 0


def match(
    table: PatientsTable | None,
    images: Iterable[tuple[str, str]],
    other_labels: Sequence[str] = (),
    key: bytes | None = None,
) -> Given:
    """Find what the rows of a file say of the images of a folder.

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
        If an image gets two patients or two sources, a row could name several images, or no row names an
        image though there are rows and images.
    """
    found = [Image.of(label, path) for label, path in images]
    if table is None or not found:
        return Given()
    own = {image.label for image in found}
    find_label = label_finder([*own, *other_labels])
    told = [(find_label(row), row) for row in table.rows]
    rows = [(label, row) for label, row in told if label is None or label in own]
    try:
        pairs = pair([(label, row) for label, row in rows if label], found, {*own, *other_labels})
    except AmbiguousRowError as error:
        raise DataError(_ambiguous(table, error, key)) from None
    if rows and not pairs:
        raise DataError(_no_match(table, rows[0][1], found[0], key))
    named = {row.line for paired in pairs.values() for row in paired}
    return Given(
        _agreed(table, pairs, "patient_id", key),
        _agreed(table, pairs, "source", key),
        len(rows),
        len(rows) - len(named),
    )


def patients_note(given: Given, patients: Iterable[str]) -> str:
    """Return in words what the file leaves open about images of these patients; empty if nothing."""
    notes = []
    if unknown := count_unknown(patients):
        notes.append(f"{unknown} of unknown patients, each counted as a patient of its own")
    if given.unmatched:
        notes.append(f"{given.unmatched} of {given.rows} rows of the patients file name no image")
    return "; ".join(notes)


def _agreed(
    table: PatientsTable, pairs: Mapping[str, Sequence[ImageRow]], column: str, key: bytes | None
) -> dict[str, str]:
    values = {}
    for path, rows in pairs.items():
        given = list(dict.fromkeys(filter(None, (getattr(row, column) for row in rows))))
        if len(given) > 1:
            raise DataError(_two_values(table, path, column, given, key))
        if given:
            values[path] = given[0]
    return values


def _two_values(table: PatientsTable, path: str, column: str, given: Sequence[str], key: bytes | None) -> str:
    one, other = given[:2]
    # Without the name of the image, which may contain a patient's id.
    said = f"an image of {path.partition('/')[0]} two {_TWO[column]}"
    if column == "patient_id" and key is None:
        said = f"{path} two patients, {one} and {other}"
    elif column == "patient_id":
        said += f", {pseudonym(one, key or b'')} and {pseudonym(other, key or b'')}"
    return f"{table.file} gives {said}: leave one of the rows, or {_WRITE_PATH}"


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
