"""The published `dataset_resize`: a smaller copy of a folder of X-rays, small enough to upload."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from covid_xray.dataset.folder import MANIFEST, PATIENTS
from PIL import Image
from radiograph import Found, Reason, Refused, Xray, class_folders, open_xray, walk

from data_upload.errors import DataUploadError
from data_upload.manifest import REFUSED, Left, Original, write_rows
from data_upload.silence import silent_decoders

# The shorter side: 299 pixels are the most that a network takes, and a JPEG of this size has 20 to 30 kB.
SHORTER_SIDE = 384
QUALITY = 88


@dataclass(frozen=True)
class Resized:
    """An original and the bytes of its copy, or why there is none."""

    outcome: Original | Left
    bytes: int = 0


def resize_folder(
    data: Path, output: Path, workers: int, notify: Callable[[int, int], None]
) -> Sequence[Resized]:
    """Write a smaller copy of every X-ray, `manifest.csv` and `refused.csv`; equal input gives equal bytes.

    Parameters
    ----------
    data : Path
        Folder of class folders; its `patients.csv` is copied along.
    output : Path
        Receives `<Class>/<stem>.jpg`.
    workers : int
        Pictures at work at once, at least 1.
    notify : callable
        Told (done, total) after every file.

    Raises
    ------
    DataUploadError
        If the folders overlap, `data` holds nothing, or `output` holds other images.
    """
    if workers < 1:
        raise DataUploadError(f"--workers {workers}: at least 1 is needed")
    _check_apart(data, output)
    files = list(walk(data, class_folders(data)))
    if not files:
        raise DataUploadError(f"there are no files in the class folders of {data}")
    _check_output(output, target_names(files))
    output.mkdir(parents=True, exist_ok=True)
    results = []
    with silent_decoders():
        for done, result in enumerate(_resize_all(files, output, workers), start=1):
            results.append(result)
            notify(done, len(files))
    write_rows(output / MANIFEST, Original, [r.outcome for r in results if isinstance(r.outcome, Original)])
    write_rows(output / REFUSED, Left, [r.outcome for r in results if isinstance(r.outcome, Left)])
    if (data / PATIENTS).is_file():
        shutil.copyfile(data / PATIENTS, output / PATIENTS)
    return results


def shrink(picture: Image.Image) -> bytes:
    """Return a grey JPEG, its shorter side at most 384 pixels, with nothing but pixels in it.

    Raises
    ------
    Refused
        If the longer side is still over the 65,500 pixels that a JPEG can have.
    """
    grey = picture.convert("L")
    # Pillow would write comments, EXIF and profiles of the original.
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
            Reason.too_large, f"{grey.width}x{grey.height} pixels are more than a JPEG holds"
        ) from None
    return file.getvalue()


def target_names(files: Sequence[Found]) -> list[str]:
    """Return where each copy goes: its stem and `.jpg`; the whole old name too where the stem is taken."""
    taken: set[str] = set()
    names = []
    for found in files:
        old = PurePosixPath(found.path)
        name = old.with_suffix(".jpg").as_posix()
        # Folders of some systems do not tell upper from lower case.
        if name.lower() in taken:
            name = f"{old.as_posix()}.jpg"
        taken.add(name.lower())
        names.append(name)
    return names


def _resize_all(files: Sequence[Found], output: Path, workers: int) -> Iterator[Resized]:
    jobs = list(zip(files, target_names(files), strict=True))
    # Threads are enough: Pillow lets go of Python's lock while it decodes, resizes and encodes.
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(partial(_resize_one, output), jobs)


def _resize_one(output: Path, job: tuple[Found, str]) -> Resized:
    found, name = job
    try:
        data = _read(found)
        xray = open_xray(data)
        small = shrink(xray.picture)
    except Refused as refused:
        # What an earlier run made of an earlier file of this name.
        (output / name).unlink(missing_ok=True)
        return Resized(Left(found.path, str(refused.reason), refused.detail))
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
    # Not the whole name, which may be as long as a name can be.
    part = file.with_name(f".{hashlib.sha256(file.name.encode()).hexdigest()[:16]}.part")
    part.write_bytes(data)
    part.replace(file)


def _check_output(output: Path, names: Sequence[str]) -> None:
    if not output.is_dir():
        return
    strange = {found.path for found in walk(output, class_folders(output))} - set(names)
    if strange:
        raise DataUploadError(
            f"--output {output} has files that are no copies of these, such as {min(strange)}; "
            "give a new folder"
        )


def _check_apart(data: Path, output: Path) -> None:
    one, other = data.resolve(), output.resolve()
    if one.is_relative_to(other) or other.is_relative_to(one):
        raise DataUploadError(f"--output {output} and --data {data} overlap; write the copy somewhere else")
