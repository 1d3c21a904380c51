"""The corpus of bad and odd input: every kind of file with its one expected end, made anew by code.

Tests put it into a class folder and hold each part of the system that takes files to the same ends. Doubles
come apart: only a part that looks at all files together, as `ingest` does, can refuse them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from radiograph import Reason

from tests.corpus.case import ACCEPTED, PASSED_OVER, Case, case
from tests.corpus.contents import contents
from tests.corpus.pictures import drawn
from tests.corpus.places import places

LABEL = "Covid-19"


@cache
def cases() -> tuple[Case, ...]:
    """All files of a class folder; without those that mean nothing to the user who runs the tests."""
    root = os.geteuid() == 0
    return tuple(one for one in (*contents(), *places()) if not (root and one.needs_permissions))


def doubles(label: str, other: str) -> dict[str, tuple[bytes, str]]:
    """By path, files of which only all together tell the end, and that end where all are looked at."""
    same, both = drawn("the same twice"), drawn("the same under two labels")
    return {
        f"{label}/once.png": (same, ACCEPTED),
        f"{label}/twice.png": (same, Reason.duplicate),
        f"{label}/disputed.png": (both, Reason.label_conflict),
        f"{other}/disputed.png": (both, Reason.label_conflict),
    }


def lay_out(root: Path, some: Iterable[Case] | None = None) -> Path:
    """Put cases, by default all, into the class folder `LABEL` of `root`; return `root`."""
    folder = root / LABEL
    folder.mkdir(parents=True)
    for one in cases() if some is None else some:
        one.put(folder)
    return root


def amiss(ended: Mapping[str, str], some: Iterable[Case] | None = None) -> dict[str, str]:
    """Tell, by path, what ended otherwise than it should, nothing lost and nothing let in.

    Parameters
    ----------
    ended : mapping
        By path relative to the root: `ACCEPTED` or the reason of the refusal.
    """
    listed = list(cases() if some is None else some)
    expected = {f"{LABEL}/{one.seen_as}": one.ends for one in listed if PASSED_OVER not in one.ends}
    wrong = {
        path: f"{ended.get(path, 'lost')}, not {' or '.join(ends)}"
        for path, ends in expected.items()
        if ended.get(path) not in ends
    }
    return wrong | {path: f"{end}, not passed over" for path, end in ended.items() if path not in expected}


__all__ = ["ACCEPTED", "LABEL", "Case", "amiss", "case", "cases", "doubles", "lay_out"]
