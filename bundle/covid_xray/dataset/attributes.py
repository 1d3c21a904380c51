"""What may be known of an image beside its patient and source: view, sex and age, in one form each."""

from __future__ import annotations

import re
from typing import NamedTuple

# The views that are told apart; the last stands for those that are none of the others, such as oblique ones.
PA, AP, AP_SUPINE, LATERAL, OTHER = VIEWS = ("PA", "AP", "AP supine", "lateral", "other")
# HIPAA's safe harbour, 45 CFR 164.514(b)(2)(i)(C): ages above 89 become one of 90 or older.
OLDEST = 90
# An age above it is a mistake, of which NIH ChestX-ray has some, such as 412.
_LONGEST_LIFE = 120

# Words of a view that alone name none.
_SUPINE, _BESIDE = "supine", ""
_WORDS = (
    dict.fromkeys(("pa", "posteroanterior", "posterioranterior", "posteriortoanterior"), PA)
    | dict.fromkeys(("ap", "anteroposterior", "anteriorposterior", "anteriortoposterior"), AP)
    | dict.fromkeys(("supine", "horizontal", "lying", "recumbent"), _SUPINE)
    | dict.fromkeys(("lateral", "lat", "ll", "rl", "l"), LATERAL)
    | dict.fromkeys(("oblique", "decubitus", "lordotic", "apical", "axial", "coronal", "prone"), OTHER)
    | dict.fromkeys(("swimmer", "swimmers", "costal", "rib", "ribs", "apicolordotic", "other"), OTHER)
    | dict.fromkeys(("lld", "rld", "lao", "rao", "lpo", "rpo"), OTHER)
    | dict.fromkeys(("erect", "upright", "standing", "sitting", "seated", "semi", "semisupine"), _BESIDE)
    | dict.fromkeys(("portable", "mobile", "bedside", "crosstable", "xtable", "left", "right"), _BESIDE)
    | dict.fromkeys(("anterior", "posterior", "view", "vp", "projection", "position"), _BESIDE)
    | dict.fromkeys(("chest", "thorax", "cxr", "xray", "radiograph", "film"), _BESIDE)
)
# The longest first, so that `posteroanterior` is not read as words within it. Words may be written as one.
_WORD = re.compile("|".join(sorted(_WORDS, key=len, reverse=True)))
_VIEW_OF = {
    frozenset({PA}): PA,
    frozenset({AP}): AP,
    frozenset({AP, _SUPINE}): AP_SUPINE,
    frozenset({_SUPINE}): AP_SUPINE,
    frozenset({LATERAL}): LATERAL,
    frozenset({LATERAL, _SUPINE}): LATERAL,
}
_SEXES = dict.fromkeys(("f", "female", "woman", "girl"), "F") | dict.fromkeys(
    ("m", "male", "man", "boy"), "M"
)
# DICOM's age string too: 045Y, 018M, 006W, 010D.
_AGE = re.compile(
    r"(-?\d{1,9})(?:[.,]\d*)?\s*(y[./]?o\.?|y|yrs?|years?|m|months?|w|weeks?|d|days?)?(?: old)?"
)
_IN_A_YEAR = {"y": 1, "m": 12, "w": 52, "d": 365}
_OVER = re.compile(r"(?:>\s*89|(?:>=?|\u2265)\s*90|90\s*\+|90 (?:or|and) (?:older|over|above))")


class Attributes(NamedTuple):
    """View (one of `VIEWS`), sex (F or M) and age (whole years, 0 to `OLDEST`); None where not known."""

    view: str | None = None
    sex: str | None = None
    age: int | None = None


ATTRIBUTES = Attributes._fields


def normal_view(text: str) -> str | None:
    """Return the view that a text names, in whatever spelling of the public datasets.

    None for a text that is not understood: one with other words, or with words of two views.
    """
    letters = re.sub(r"[\W_]", "", text.lower())
    words = _WORD.findall(letters)
    if "".join(words) != letters:
        return None
    named = {_WORDS[word] for word in words} - {_BESIDE}
    # `AP axial` is no plain AP, and a lateral decubitus is taken from the front.
    return OTHER if OTHER in named else _VIEW_OF.get(frozenset(named))


def normal_sex(text: str) -> str | None:
    """Return F or M, also of `Female (F)`; None for a text that is not understood."""
    named = {_SEXES.get(word) for word in re.findall(r"\w+", text.lower())}
    return named.pop() if len(named) == 1 else None


def normal_age(text: str) -> int | None:
    """Return completed years, `OLDEST` for all from there on.

    None for a text that is no age of a human being, such as `412` or `old`.
    """
    written = text.lower()
    if _OVER.fullmatch(written):
        return OLDEST
    found = _AGE.fullmatch(written)
    if not found or written.startswith("-"):
        return None
    years = int(found[1]) // _IN_A_YEAR[(found[2] or "y")[0]]
    return min(years, OLDEST) if years <= _LONGEST_LIFE else None
