"""The files of an upload: which X-rays a folder has, how they are named in a volume, and which are there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from covid_xray.dataset.attributes import Attributes
from covid_xray.dataset.known import recognise
from covid_xray.dataset.metadata import MANIFEST, PATIENTS, stored_patient
from covid_xray.dataset.record import ImageFacts
from covid_xray.progress import counted
from radiograph import DICOM, Reason, Refused, class_folders, open_xray, walk
from radiograph.names import SUFFIXES
from radiograph.walk import Found

from data_upload.csv_files import Rejected, patients_csv, renamed_manifest
from data_upload.errors import DataUploadError
from data_upload.terminal import suppress_stderr

# A file, its size in bytes and its sha256.
OpenedXray = tuple[Found, int, str]


@dataclass(frozen=True)
class UploadItem:
    """A file to upload.

    Attributes
    ----------
    name : str
        Relative to the volume's folder, with forward slashes.
    source : Path or bytes
        The local file, or contents made for the volume.
    size : int
        In bytes.
    sha256 : str
        Of the contents, in hexadecimal digits.
    local : str
        Path of the local file relative to the data folder; empty for contents made for the volume.
    """

    name: str
    source: Path | bytes
    size: int
    sha256: str
    local: str = ""

    def read(self) -> bytes:
        """Return the contents."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()


def open_xrays(root: Path, workers: int) -> tuple[list[OpenedXray], list[Rejected]]:
    """Open every file of the class folders.

    Returns
    -------
    xrays : list of OpenedXray
        At least one.
    rejected : list of Rejected
        Files that are not X-rays and may name patients, such as documents.

    Raises
    ------
    DataUploadError
        If no file is an X-ray.
    """
    with suppress_stderr(), ThreadPoolExecutor(workers) as pool:
        outcomes = list(pool.map(_open, walk(root, class_folders(root))))
    rejected = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    xrays = [outcome for outcome in outcomes if not isinstance(outcome, Rejected)]
    if not xrays:
        raise DataUploadError(_nothing_to_upload(root, rejected))
    return xrays, rejected


def pack(
    root: Path,
    xrays: Iterable[OpenedXray],
    patient_ids: Mapping[str, str],
    attributes: Mapping[str, Attributes],
    key: bytes | None,
) -> list[UploadItem]:
    """Return the X-rays of a folder, patients.csv and, if there is one, manifest.csv, sorted by name.

    With a key, files with equal contents in a class have the same name, and one of them is returned.

    Parameters
    ----------
    patient_ids : mapping of str to str
        Of every X-ray, by its path.
    attributes : mapping of str to Attributes
        Of those of which any is known, by their path.
    key : bytes or None
        Key of the pseudonyms; None keeps file names and patient ids.
    """
    items: dict[str, UploadItem] = {}
    patients: dict[str, str] = {}
    names: dict[str, str] = {}
    images: list[ImageFacts] = []
    for file, size, sha256 in xrays:
        patient = patient_ids[file.path]
        images.append(ImageFacts(file.label, file.path, patient))
        name = file.path if key is None else remote_name(file.label, file.file, sha256)
        names[file.path] = name
        patients[name] = stored_patient(patient, key)
        items[name] = UploadItem(name, file.file, size, sha256, file.path)
    dataset, told = recognise(images)
    sources = {names[image.path]: str(source) for image, source in zip(images, told, strict=True) if dataset}
    known = {names[path]: of_path for path, of_path in attributes.items() if path in names}
    made = {PATIENTS: patients_csv(patients, sources, known)}
    if (root / MANIFEST).is_file():
        made[MANIFEST] = renamed_manifest(root / MANIFEST, names)
    for name, content in made.items():
        items[name] = UploadItem(name, content, len(content), hashlib.sha256(content).hexdigest())
    return [items[name] for name in sorted(items)]


def remote_name(label: str, file: Path, sha256: str) -> str:
    """Return `<Class>/<sha256><suffix>`, without the suffix unless it is one of an image format."""
    suffix = file.suffix.lower()
    # Others could hold a name.
    return f"{label}/{sha256}{suffix if suffix in SUFFIXES else ''}"


def is_uploaded(
    item: UploadItem, remote: Mapping[str, int], sent: Mapping[str, str], pseudonymised: bool
) -> bool:
    """Tell whether the volume holds an item: a file of this size, known to have these contents.

    Parameters
    ----------
    remote : mapping of str to int
        Sizes in bytes by name, as the volume lists them. It lists no checksums.
    sent : mapping of str to str
        sha256 by name of what was sent from here.
    pseudonymised : bool
        Whether the names of X-rays are their checksums.
    """
    if remote.get(item.name) != item.size:
        return False
    named_by_content = pseudonymised and Path(item.name).stem == item.sha256
    return named_by_content or sent.get(item.name) == item.sha256


def extraneous(items: Iterable[UploadItem], remote: Iterable[str]) -> list[str]:
    """Return the names of files in the volume that are not among the items, sorted."""
    return sorted(set(remote) - {item.name for item in items})


def _nothing_to_upload(root: Path, rejected: Sequence[Rejected]) -> str:
    why = "there are no files in class folders"
    if rejected:
        first = rejected[0]
        why = f"no X-ray among {counted(len(rejected), 'file')}, such as {first.path}: {first.reason}"
    return f"nothing to upload in {root} ({why}): give a folder with one folder of X-rays per class"


def _open(found: Found) -> OpenedXray | Rejected:
    if found.refused is not None:
        return Rejected(found.path, str(found.refused.reason), found.refused.detail)
    try:
        content = found.file.read_bytes()
        xray = open_xray(content)
    except Refused as refused:
        return Rejected(found.path, str(refused.reason), refused.detail)
    except OSError as error:
        return Rejected(found.path, str(Reason.unreadable), error.strerror or "")
    if xray.format == DICOM:
        detail = "its tags may identify the patient: resize the folder first, copies have no tags"
        return Rejected(found.path, DICOM, detail)
    return found, len(content), hashlib.sha256(content).hexdigest()
