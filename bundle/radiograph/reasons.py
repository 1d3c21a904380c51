"""Why a file is not taken as an X-ray: a closed list, the same wherever files come in."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The reasons for which a file is refused."""

    empty = "empty"
    """The file has no bytes."""
    not_an_image = "not_an_image"
    """The bytes are of no image format in which X-rays come."""
    truncated = "truncated"
    """The image ends before it is complete."""
    too_large = "too_large"
    """More pixels than any X-ray has: a decompression bomb, or not a radiograph."""
    too_small = "too_small"
    """Too few pixels to show a chest."""
    blank = "blank"
    """All pixels are equal."""
    multi_frame = "multi_frame"
    """Several pictures in one file; which is meant cannot be known."""
    wrong_modality = "wrong_modality"
    """A DICOM file of something else than a radiograph."""
    unreadable = "unreadable"
    """The file cannot be read, or its content is damaged."""
    outside_root = "outside_root"
    """A link that leads out of the folder that was given."""
    duplicate = "duplicate"
    """The same bytes are there already under the same label."""
    label_conflict = "label_conflict"
    """The same bytes are there under different labels."""


class Refused(Exception):  # noqa: N818 - a refusal is an outcome, not an error of the program
    """Raised when a file is not taken; `detail` is one line and holds no absolute path."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type[Refused], tuple[Reason, str]]:
        """Let a refusal cross process boundaries."""
        return type(self), (self.reason, self.detail)
