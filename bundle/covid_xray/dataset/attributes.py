"""What may be known of an image beside its patient and source: view, sex and age, in one form each."""

from __future__ import annotations

import re
from typing import NamedTuple

# The views that are told apart; the last is any other that has a name.
PA, AP, AP_SUPINE, LATERAL, OTHER = VIEWS = ("PA", "AP", "AP supine", "lateral", "other")
# HIPAA's safe harbour, 45 CFR 164.514(b)(2)(i)(C): ages above 89 become one of 90 or older.
OLDEST = 90
# An age above it is a mistake, of which NIH ChestX-ray has some, such as 412.
_LONGEST_LIFE = 120

_STANDING = ("", "erect", "semierect", "upright", "standing")
_LYING = ("supine", "horizontal", "lying")
_PA = ("pa", "posteroanterior", "posterioranterior", "posteriortoanterior")
_AP = ("ap", "anteroposterior", "anteriorposterior", "anteriortoposterior")
_LATERAL = ("l", "ll", "rl", "lat", "lateral", "leftlateral", "rightlateral", "xtablelateral")
_OTHERS = (
    *("frontal", "axial", "apaxial", "coronal", "oblique", "lao", "rao", "lpo", "rpo"),
    *(
        "decubitus",
        "lld",
        "rld",
        "aplld",
        "aprld",
        "palld",
        "parld",
        "lordotic",
        "aplordotic",
        "apicolordotic",
    ),
    *("costal", "swimmers", "both", "other"),
)
_VIEWS = (
    {name + posture: PA for name in _PA for posture in _STANDING}
    | {name + posture: AP for name in _AP for posture in (*_STANDING, "portable", "mobile", "sitting")}
    | {name + posture: AP_SUPINE for name in _AP for posture in _LYING}
    | {"supine": AP_SUPINE, "supineap": AP_SUPINE}
    | dict.fromkeys(_LATERAL, LATERAL)
    | dict.fromkeys(_OTHERS, OTHER)
)
_BESIDE_A_VIEW = re.compile(r"\b(view|projection|chest)\b|[\W_]")
# "Anteroposterior (AP)": either part alone names the view.
_IN_BRACKETS = re.compile(r"([^()]*)\(([^()]*)\)\s*")
_SEXES = dict.fromkeys(("f", "female", "woman", "girl"), "F") | dict.fromkeys(
    ("m", "male", "man", "boy"), "M"
)
# DICOM's age string too: 045Y, 018M, 006W, 010D.
_AGE = re.compile(r"(\d{1,4})(?:[.,]\d*)?\s*(y|yrs?|years?|m|months?|w|weeks?|d|days?)?(?: old)?")
_IN_A_YEAR = {"y": 1, "m": 12, "w": 52, "d": 365}
_OVER = re.compile(r"(?:>\s*89|>=\s*90|90\s*\+)")


class Attributes(NamedTuple):
    """View (one of `VIEWS`), sex (F or M) and age (whole years, 0 to `OLDEST`); None where not known."""

    view: str | None = None
    sex: str | None = None
    age: int | None = None


ATTRIBUTES = Attributes._fields


def normal_view(text: str) -> str | None:
    """Return the view that a text names, in whatever spelling of the public datasets; None for other text."""
    bracketed = _IN_BRACKETS.fullmatch(text)
    if not bracketed:
        return _VIEWS.get(_BESIDE_A_VIEW.sub("", text.lower()))
    named = {normal_view(part) for part in bracketed.groups()} - {None}
    return named.pop() if len(named) == 1 else None


def normal_sex(text: str) -> str | None:
    """Return F or M; None for any other text."""
    return _SEXES.get(text.lower())


def normal_age(text: str) -> int | None:
    """Return completed years, `OLDEST` for all from there on.

    None for a text that is no age of a human being, such as `412` or `old`.
    """
    written = text.lower()
    if _OVER.fullmatch(written):
        return OLDEST
    found = _AGE.fullmatch(written)
    if not found:
        return None
    years = int(found[1]) // _IN_A_YEAR[(found[2] or "y")[0]]
    return min(years, OLDEST) if years <= _LONGEST_LIFE else None
