"""Read the files beside the class folders: patients.csv (patients, sources) and manifest.csv (originals)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from covid_xray.dataset.known import patient_in_name
from covid_xray.dataset.record import UNKNOWN_PATIENT
from covid_xray.errors import DataError
from covid_xray.privacy.pseudonyms import pseudonym

if TYPE_CHECKING:
    import pandas as pd

PATIENTS = "patients.csv"
MANIFEST = "manifest.csv"
ORIGINALS = ["original_width", "original_height", "original_bytes", "original_format", "original_mode"]

_FILE_COLUMNS = ("filename", "original_filename", "resized_filename")

# Values from a CSV by class and file name without suffix.
ByImage = Mapping[tuple[str, str], str]


def patients_file(root: Path, given: Path | None) -> Path | None:
    """Return the CSV of patient ids: the given one, else patients.csv in `root` if it exists."""
    beside = root / PATIENTS
    return given or (beside if beside.is_file() else None)


def read_patients(csv: Path | None, key: bytes | None = None) -> dict[tuple[str, str], str]:
    """Read patient ids by (label, file stem) from a CSV with `label`, `patient_id` and a file name column.

    Parameters
    ----------
    key : bytes or None
        Key for the pseudonyms of ids in error messages; the returned ids are those of the file.

    Raises
    ------
    DataError
        If the file is missing, lacks a column, or gives one image two patients.
    """
    return _by_image(csv, "patient_id", partial(_two_patients, key=key))


def read_sources(csv: Path | None) -> dict[tuple[str, str], str]:
    """Read the source of each image, a collection or hospital, from the column `source`, if the CSV has it.

    Raises
    ------
    DataError
        If the file is missing, lacks another column, or gives one image two sources.
    """
    return _by_image(csv, "source", _two_sources)


def patient_of(label: str, path: str, image_id: str, patients: ByImage) -> str:
    """Return the patient from the CSV, else from the file name, else an id for this image alone."""
    given = patients.get((label, PurePosixPath(path).stem))
    if given is not None:
        return given
    return patient_in_name(path) or f"{UNKNOWN_PATIENT}{image_id[:12]}"


def read_originals(root: Path) -> pd.DataFrame:
    """Read `ORIGINALS` by path from manifest.csv beside the class folders; empty if there is none.

    Raises
    ------
    DataError
        If a column is missing, or a size is not an integer.
    """
    import pandas as pd

    manifest = root / MANIFEST
    if not manifest.is_file():
        return pd.DataFrame(columns=ORIGINALS)
    table = _read_csv(manifest, "manifest")
    missing = [name for name in ("path", *ORIGINALS) if name not in table]
    if missing:
        raise DataError(
            f"{manifest} lacks the column {missing[0]}: write it again with `wrapper.sh run dataset_resize`"
        )
    numbers = dict.fromkeys(ORIGINALS[:3], "int64")
    try:
        return table.drop_duplicates("path").set_index("path")[ORIGINALS].astype(numbers)
    except ValueError as error:
        raise DataError(
            f"{manifest} has a width, height or size that is not a whole number ({error}): write it again "
            "with `wrapper.sh run dataset_resize`"
        ) from None


def _by_image(
    csv: Path | None, column: str, conflict: Callable[[tuple[str, str], str, str], str]
) -> dict[tuple[str, str], str]:
    """Read one value per image; `conflict` describes an image that has two."""
    values: dict[tuple[str, str], str] = {}
    for image, value in _cells(csv, column) if csv else ():
        known = values.setdefault(image, value)
        if known != value:
            raise DataError(f"{csv} gives {conflict(image, known, value)}: leave one of the rows")
    return values


def _cells(csv: Path, column: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield (label, file stem) and the value of a column, for each file name of each row that has both."""
    table = _read_csv(csv, "patients")
    names = [name for name in _FILE_COLUMNS if name in table]
    missing = [name for name in ("label", "patient_id") if name not in table]
    if missing or not names:
        needed = missing or [" or ".join(_FILE_COLUMNS)]
        raise DataError(f"{csv} lacks the column {needed[0]}: it needs label, a file name and patient_id")
    if column not in table:
        return
    for name in names:
        for label, file, value in table[["label", name, column]].dropna().itertuples(index=False):
            yield (str(label), PurePosixPath(str(file)).stem), str(value)


def _two_patients(image: tuple[str, str], one: str, other: str, *, key: bytes | None) -> str:
    label, name = image
    if key is None:
        return f"{label}/{name} two patients, {one} and {other}"
    # The name of the image may contain either id.
    return f"an image of {label} two patients, {pseudonym(one, key)} and {pseudonym(other, key)}"


def _two_sources(image: tuple[str, str], *_: str) -> str:
    # Without the name of the image, which may contain a patient's id.
    return f"an image of {image[0]} two sources"


def _read_csv(csv: Path, what: str) -> pd.DataFrame:
    # Imported here, so that code that needs only the file names does not load pandas.
    import pandas as pd

    try:
        return pd.read_csv(csv, dtype=str, keep_default_na=False, na_values=[""])
    except OSError as error:
        raise DataError(f"cannot read the {what} file {csv}: {error.strerror}") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DataError(f"the {what} file {csv} is not a CSV: {' '.join(str(error).split())}") from None
