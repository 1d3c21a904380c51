"""What of a file's name is the picture's, and what is the suffix that tells its format."""

from __future__ import annotations

# Suffixes under which pictures come, in lower case. Others belong to the name: `1.2.840.113.1.7` is a DICOM
# identifier, and what follows its last dot tells two pictures apart.
SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".bmp", ".gif", ".webp"),
    *(".jp2", ".j2k", ".dcm", ".dicom", ".dic", ".ima"),
)


def cut_suffix(path: str) -> str:
    """Return a path or a file name without the suffix of a picture, in whatever case; others are kept."""
    lower = path.lower()
    if not lower.endswith(SUFFIXES):
        return path
    cut = path[: lower.rindex(".") - len(lower)]
    # A name that is nothing but a suffix is that of a hidden file.
    return path if not cut or cut.endswith("/") else cut


def stem(path: str) -> str:
    """Return the name of a file without its folders and without the suffix of a picture."""
    return cut_suffix(path.rsplit("/", 1)[-1])
