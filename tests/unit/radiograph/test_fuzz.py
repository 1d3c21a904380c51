"""A damaged file is opened or refused, within a limit of time and of memory."""

import resource
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image
from radiograph import Reason, Refused, Xray, open_xray
from radiograph.limits import MAX_PIXELS

from tests.corpus.dicom import coloured, radiograph, written
from tests.corpus.mutations import mutated, sound
from tests.corpus.pictures import encoded

SECONDS, MEMORY = 10, 10**9


@contextmanager
def limited_memory():
    """Limit the memory that this process may allocate in addition."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + MEMORY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def check(data: bytes) -> None:
    begun = time.monotonic()
    try:
        xray = open_xray(data)
        again = open_xray(xray.content())
        assert isinstance(xray, Xray) and xray.picture.size == again.picture.size
    except Refused as refused:
        assert refused.reason in Reason and refused.detail and "\n" not in refused.detail
        assert "memory" not in refused.detail
    assert time.monotonic() - begun < SECONDS


def fuzz(examples: int) -> None:
    """Check `examples` damaged files, the same ones each time."""

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(mutated())
    def damaged(data):
        check(data)

    damaged()


def test_the_files_that_are_mutated_open():
    for data in sound():
        assert open_xray(data).picture.size == (48, 40)


def test_a_damaged_file_is_opened_or_refused():
    with limited_memory():
        fuzz(300)


@pytest.mark.thorough
def test_many_damaged_files_are_opened_or_refused():
    with limited_memory():
        fuzz(5_000)


SIDE = int(MAX_PIXELS**0.5)
# VmHWM, not getrusage, which starts at the peak of the parent process.
MEASURE = """
import re, sys
from pathlib import Path
from radiograph import open_xray
open_xray(Path(sys.argv[1]).read_bytes()).content()
print(int(re.search("VmHWM:\\\\s+(\\\\d+)", Path("/proc/self/status").read_text())[1]) * 1024)
"""


def noise(*shape: int, dtype: type = np.uint8):
    return np.random.default_rng(1).integers(0, 256, shape).astype(dtype)


def largest(kind: str) -> bytes:
    grey = np.tile(noise(SIDE), (SIDE, 1))
    match kind:
        case "rgba.png":
            return encoded(Image.fromarray(grey).convert("RGBA"), compress_level=1)
        case "palette.png":
            image = Image.fromarray(grey).convert("P")
            return encoded(image, transparency=bytes(range(256)), compress_level=1)
        case "16 bits.png":
            return encoded(Image.fromarray(grey.astype(np.uint16)), compress_level=1)
        case "float.tif":
            return encoded(Image.fromarray(grey.astype(np.float32)), "TIFF")
        case "rotated.jpg":
            exif = Image.Exif()
            exif[0x0112] = 6
            return encoded(Image.fromarray(grey).convert("RGB"), "JPEG", exif=exif)
        case "rgba.jp2":
            return encoded(Image.fromarray(grey).convert("RGBA"), "JPEG2000")
        case "grey.dcm":
            size = {"Rows": SIDE, "Columns": SIDE}
            return written(radiograph("largest", PixelData=grey.astype(np.uint16).tobytes(), **size))
        case _:
            size = {"Rows": SIDE, "Columns": SIDE, "PhotometricInterpretation": "YBR_FULL"}
            return written(coloured("largest", PixelData=np.dstack([grey] * 3).tobytes(), **size))


@pytest.mark.thorough
@pytest.mark.parametrize(
    "kind",
    ["rgba.png", "palette.png", "16 bits.png", "float.tif", "rotated.jpg", "rgba.jp2", "grey.dcm", "ybr.dcm"],
)
def test_the_largest_accepted_picture_needs_less_than_a_gigabyte(tmp_path, kind):
    file = tmp_path / kind
    file.write_bytes(largest(kind))
    ended = subprocess.run([sys.executable, "-c", MEASURE, file], capture_output=True, text=True, check=True)
    assert int(ended.stdout) < MEMORY
