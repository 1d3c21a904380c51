"""Open a DICOM radiograph: the picture as a viewer shows it, without any other content of the file."""

from radiograph.dicom.file import open_dicom

__all__ = ["open_dicom"]
