"""What is to be sent, and what of it is there already: pure but for reading the data folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from covid_xray.dataset.folder import MANIFEST, PATIENTS
from covid_xray.privacy.pseudonyms import pseudonym
from radiograph import DICOM, Reason, Refused, class_folders, open_xray, walk
from radiograph.walk import Found

from data_upload.errors import DataUploadError
from data_upload.manifest import Left
from data_upload.pseudonyms import patients_csv, remote_name, renamed_manifest
from data_upload.silence import silent_decoders

PatientOf = Callable[[str, str, str], str]
# A file, its size in bytes and its sha256.
OpenedXray = tuple[Found, int, str]


@dataclass(frozen=True)
class Parcel:
    """One file of the volume.

    Attributes
    ----------
    name : str
        Relative to the volume's folder, with forward slashes.
    source : Path or bytes
        The local file, or contents made for the volume.
    local : str
        Path of the local file relative to the data folder; empty for contents made here.
    """

    name: str
    source: Path | bytes
    size: int
    sha256: str
    local: str = ""

    def read(self) -> bytes:
        """Return the contents."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()


def open_xrays(root: Path, workers: int) -> tuple[list[OpenedXray], list[Left]]:
    """Open every file of the class folders.

    Returns
    -------
    xrays : list of OpenedXray
        At least one.
    left : list of Left
        Files that are no X-rays: what else lies in a folder may well name patients.

    Raises
    ------
    DataUploadError
        If no file is an X-ray.
    """
    with silent_decoders(), ThreadPoolExecutor(workers) as pool:
        outcomes = list(pool.map(_open, walk(root, class_folders(root))))
    left = [outcome for outcome in outcomes if isinstance(outcome, Left)]
    xrays = [outcome for outcome in outcomes if not isinstance(outcome, Left)]
    if not xrays:
        raise DataUploadError(_nothing_to_upload(root, left))
    return xrays, left


def pack(root: Path, xrays: Iterable[OpenedXray], patient_of: PatientOf, key: bytes | None) -> list[Parcel]:
    """Return the X-rays of a folder, their patients and their manifest, by name.

    Of files with equal bytes in a class one goes, when they are named by their contents.

    Parameters
    ----------
    patient_of : callable
        Tells the patient of (label, path, sha256).
    key : bytes or None
        For pseudonyms; None sends the names as they are.
    """
    parcels: dict[str, Parcel] = {}
    patients: dict[str, str] = {}
    names: dict[str, str] = {}
    for file, size, sha256 in xrays:
        patient = patient_of(file.label, file.path, sha256)
        name = file.path if key is None else remote_name(file.label, file.file, sha256)
        names[file.path] = name
        patients[name] = patient if key is None else pseudonym(patient, key)
        parcels[name] = Parcel(name, file.file, size, sha256, file.path)
    made = {PATIENTS: patients_csv(patients)}
    if (root / MANIFEST).is_file():
        made[MANIFEST] = renamed_manifest(root / MANIFEST, names)
    for name, content in made.items():
        parcels[name] = Parcel(name, content, len(content), hashlib.sha256(content).hexdigest())
    return [parcels[name] for name in sorted(parcels)]


def is_there(parcel: Parcel, there: Mapping[str, int], sent: Mapping[str, str], pseudonymised: bool) -> bool:
    """Tell whether the volume holds a parcel: the size must be right, and the contents known.

    Parameters
    ----------
    there : mapping of str to int
        Sizes in bytes by name, as the volume lists them. It lists no checksums.
    sent : mapping of str to str
        sha256 by name of what has been sent from here.
    pseudonymised : bool
        The name of an X-ray then is its checksum.
    """
    if there.get(parcel.name) != parcel.size:
        return False
    named_by_content = pseudonymised and Path(parcel.name).stem == parcel.sha256
    return named_by_content or sent.get(parcel.name) == parcel.sha256


def strangers(parcels: Iterable[Parcel], there: Iterable[str]) -> list[str]:
    """Return the names that the volume has and the folder has not."""
    return sorted(set(there) - {parcel.name for parcel in parcels})


def _nothing_to_upload(root: Path, left: Sequence[Left]) -> str:
    why = "there are no files in class folders"
    if left:
        why = f"none of {len(left)} files is an X-ray, such as {left[0].path}: {left[0].reason}"
    return f"nothing to upload in {root} ({why}): give a folder with one folder of X-rays per class"


def _open(found: Found) -> OpenedXray | Left:
    if found.refused is not None:
        return Left(found.path, str(found.refused.reason), found.refused.detail)
    try:
        content = found.file.read_bytes()
        xray = open_xray(content)
    except Refused as refused:
        return Left(found.path, str(refused.reason), refused.detail)
    except OSError as error:
        return Left(found.path, str(Reason.unreadable), error.strerror or "")
    if xray.format == DICOM:
        return Left(
            found.path, DICOM, "its tags may name the patient: resize the folder, which leaves them out"
        )
    return found, len(content), hashlib.sha256(content).hexdigest()
