"""Why a file is refused as an X-ray: a closed list, the same for every command that reads files."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The reasons for which a file is refused."""

    empty = "empty"
    """The file has no bytes."""
    not_an_image = "not_an_image"
    """The bytes are of no image format used for X-rays."""
    truncated = "truncated"
    """The image ends before it is complete."""
    too_large = "too_large"
    """More pixels than any X-ray has: a decompression bomb, or not a radiograph."""
    too_small = "too_small"
    """Too few pixels to show a chest."""
    blank = "blank"
    """All pixels are equal."""
    multi_frame = "multi_frame"
    """Several pictures in one file; it is unknown which one is meant."""
    wrong_modality = "wrong_modality"
    """A DICOM file that is not a radiograph."""
    unreadable = "unreadable"
    """The file cannot be read, or its content is damaged."""
    outside_root = "outside_root"
    """A link to a file outside the given folder."""
    duplicate = "duplicate"
    """Another file with the same label has the same bytes."""
    label_conflict = "label_conflict"
    """A file with another label has the same bytes."""
    near_duplicate = "near_duplicate"
    """A copy of an image that a model was trained on: resized, encoded again, brightened or cropped."""
    training_patient = "training_patient"
    """Another image of a patient that a model was trained on."""


class Refused(Exception):  # noqa: N818 - a refusal is an outcome, not an error of the program
    """Raised when a file is refused; `detail` is one line without an absolute path."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type[Refused], tuple[Reason, str]]:
        """Make a refusal picklable, so that it crosses process boundaries."""
        return type(self), (self.reason, self.detail)
