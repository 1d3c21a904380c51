"""One way to open an X-ray: find files below a root, turn bytes into an 8-bit picture, or say why not."""

from radiograph.decode import Xray, open_xray
from radiograph.reasons import Reason, Refused
from radiograph.walk import FolderError, Found, class_folders, other_folders, walk

__all__ = [
    "FolderError",
    "Found",
    "Reason",
    "Refused",
    "Xray",
    "class_folders",
    "open_xray",
    "other_folders",
    "walk",
]
