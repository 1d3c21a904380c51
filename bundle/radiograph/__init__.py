"""Open X-rays safely: find files below a root, turn bytes into an 8-bit picture, or refuse with a reason."""

from radiograph.decode import DICOM, Xray, as_png, open_xray
from radiograph.fingerprint import SIGNATURE_SIDE, pixel_id, signature
from radiograph.lungs import lung_field
from radiograph.occlusion import OCCLUSIONS
from radiograph.reasons import Reason, Refused
from radiograph.walk import FolderError, Found, class_folders, other_folders, walk, walk_all, walk_listed

__all__ = [
    "DICOM",
    "OCCLUSIONS",
    "SIGNATURE_SIDE",
    "FolderError",
    "Found",
    "Reason",
    "Refused",
    "Xray",
    "as_png",
    "class_folders",
    "lung_field",
    "open_xray",
    "other_folders",
    "pixel_id",
    "signature",
    "walk",
    "walk_all",
    "walk_listed",
]
