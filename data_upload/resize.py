"""The published `dataset_resize`: a smaller copy of a folder of X-rays, small enough to upload."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from covid_xray.dataset.metadata import MANIFEST, METADATA, PATIENTS
from PIL import Image
from radiograph import Found, Reason, Refused, Xray, class_folders, open_xray, walk
from radiograph.names import cut_suffix

from data_upload.csv_files import REFUSED, Original, Rejected, write_rows
from data_upload.errors import DataUploadError
from data_upload.terminal import suppress_stderr

# In pixels. No network takes more than 299, and a JPEG file of this size has 20 to 30 kB.
SHORTER_SIDE = 384
QUALITY = 88


@dataclass(frozen=True)
class Resized:
    """The original of a copy and the copy's size in bytes, or why there is no copy."""

    outcome: Original | Rejected
    bytes: int = 0


def resize_folder(
    data: Path, output: Path, workers: int, notify: Callable[[int, int], None]
) -> Sequence[Resized]:
    """Write a smaller copy of every X-ray, manifest.csv and refused.csv; equal input gives equal bytes.

    Parameters
    ----------
    data : Path
        Folder of class folders; its patients.csv and metadata.csv are copied too.
    output : Path
        Receives `<Class>/<stem>.jpg`.
    workers : int
        Files to process at a time, at least 1.
    notify : callable
        Called with (done, total) after every file.

    Returns
    -------
    sequence of Resized
        One for each file of the class folders, in the order of `walk`.

    Raises
    ------
    DataUploadError
        If the folders overlap, `data` has no files, or `output` has other files than copies of these.
    """
    if workers < 1:
        raise DataUploadError(f"--workers {workers}: at least 1 worker is needed")
    _check_apart(data, output)
    files = list(walk(data, class_folders(data)))
    if not files:
        raise DataUploadError(f"the class folders of {data} have no files: give a folder of X-rays")
    _check_output(output, target_names(files))
    output.mkdir(parents=True, exist_ok=True)
    results = []
    with suppress_stderr():
        for done, result in enumerate(_resize_all(files, output, workers), start=1):
            results.append(result)
            notify(done, len(files))
    write_rows(output / MANIFEST, Original, [r.outcome for r in results if isinstance(r.outcome, Original)])
    write_rows(output / REFUSED, Rejected, [r.outcome for r in results if isinstance(r.outcome, Rejected)])
    for name in (PATIENTS, METADATA):
        if (data / name).is_file():
            shutil.copyfile(data / name, output / name)
    return results


def shrink(picture: Image.Image) -> bytes:
    """Return a grey JPEG file without metadata, whose shorter side has at most 384 pixels.

    Raises
    ------
    Refused
        If the longer side still has more than 65,500 pixels, the most that a JPEG file can have.
    """
    grey = picture.convert("L")
    # Pillow would copy comments, EXIF data and colour profiles.
    grey.info = {}
    factor = SHORTER_SIDE / min(grey.size)
    if factor < 1:
        width, height = (max(1, round(side * factor)) for side in grey.size)
        grey = grey.resize((width, height), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    try:
        grey.save(file, "JPEG", quality=QUALITY)
    except OSError:
        raise Refused(
            Reason.too_large, f"{grey.width}x{grey.height} pixels do not fit into a JPEG file"
        ) from None
    return file.getvalue()


def target_names(files: Sequence[Found]) -> list[str]:
    """Return the path of each copy: with the suffix `.jpg`, added to the old one where the stem is taken."""
    taken: set[str] = set()
    names = []
    for found in files:
        name = f"{cut_suffix(found.path)}.jpg"
        # Some file systems ignore case.
        if name.lower() in taken:
            name = f"{found.path}.jpg"
        taken.add(name.lower())
        names.append(name)
    return names


def _resize_all(files: Sequence[Found], output: Path, workers: int) -> Iterator[Resized]:
    jobs = list(zip(files, target_names(files), strict=True))
    # Threads suffice: Pillow releases the GIL while it decodes, resizes and encodes.
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(partial(_resize_one, output), jobs)


def _resize_one(output: Path, job: tuple[Found, str]) -> Resized:
    found, name = job
    try:
        data = _read(found)
        xray = open_xray(data)
        small = shrink(xray.picture)
    except Refused as refused:
        # A copy that an earlier run made of an earlier file with this name.
        (output / name).unlink(missing_ok=True)
        return Resized(Rejected(found.path, str(refused.reason), refused.detail))
    _write(output / name, small)
    return Resized(_original(found, name, data, xray), len(small))


def _read(found: Found) -> bytes:
    if found.refused is not None:
        raise found.refused
    try:
        return found.file.read_bytes()
    except OSError as error:
        raise Refused(Reason.unreadable, error.strerror or type(error).__name__) from None


def _original(found: Found, name: str, data: bytes, xray: Xray) -> Original:
    digest = hashlib.sha256(data).hexdigest()
    return Original(name, found.path, digest, xray.width, xray.height, len(data), xray.format, xray.mode)


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    # A hash in place of the name, which may already be as long as a name can be.
    part = file.with_name(f".{hashlib.sha256(file.name.encode()).hexdigest()[:16]}.part")
    part.write_bytes(data)
    part.replace(file)


def _check_output(output: Path, names: Sequence[str]) -> None:
    if not output.is_dir():
        return
    others = {found.path for found in walk(output, class_folders(output))} - set(names)
    if others:
        raise DataUploadError(
            f"--output {output} has files that are not copies of these X-rays, such as {min(others)}: "
            "give a new folder"
        )


def _check_apart(data: Path, output: Path) -> None:
    one, other = data.resolve(), output.resolve()
    if one.is_relative_to(other) or other.is_relative_to(one):
        raise DataUploadError(f"--output {output} and --data {data} overlap: give another output folder")
