"""Open the bytes of a DICOM file; whatever is wrong with them becomes a refusal that quotes no name."""

from __future__ import annotations

import logging

from PIL import Image
from pydicom import config

from radiograph.dicom.grey import as_displayed
from radiograph.dicom.header import check_header, read
from radiograph.dicom.pixels import decode
from radiograph.dicom.plausible import check_colours, check_grey
from radiograph.dicom.stored import stored_values
from radiograph.reasons import Reason, Refused

# pydicom quotes invalid values in its log and its warnings, and a misplaced value may be a patient's name.
logging.getLogger("pydicom").propagate = False
config.settings.reading_validation_mode = config.IGNORE


def open_dicom(data: bytes) -> tuple[Image.Image, str]:
    """Open the bytes of a DICOM file.

    Returns
    -------
    picture : PIL.Image.Image
        Mode `L`, or `RGB` for colours: mapped by the first VOI LUT or window if the file has one, else from
        the least to the greatest value of the picture (`radiograph.scale.limits`). Dense is bright, padding
        black.
    photometric : str
        The file's photometric interpretation.

    Raises
    ------
    Refused
        With a detail that quotes no value of the file except its modality, numbers and names of the standard.
    """
    try:
        return _open(data)
    except (Refused, MemoryError):
        raise
    except Exception as error:
        # pydicom's messages quote values, which may be a patient's name.
        reason = Reason.truncated if "truncated" in str(error).lower() else Reason.unreadable
        raise Refused(reason, "the DICOM file is damaged") from None


def _open(data: bytes) -> tuple[Image.Image, str]:
    file = read(data)
    check_header(file)
    pixels, photometric = decode(file)
    if file.SamplesPerPixel == 1:
        stored = stored_values(file, pixels)
        check_grey(file, pixels, stored)
        return as_displayed(file, pixels, stored), str(file.PhotometricInterpretation)
    check_colours(file, pixels)
    picture = Image.fromarray(pixels, "YCbCr" if photometric.startswith("YBR_FULL") else "RGB")
    return picture.convert("RGB"), str(file.PhotometricInterpretation)
