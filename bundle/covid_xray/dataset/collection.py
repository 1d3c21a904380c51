"""Which collection of images a file comes from, as far as its name tells."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import pandas as pd

from covid_xray.dataset.patients import NIH_NAME
from covid_xray.privacy.pseudonyms import PSEUDONYM

NIH, OTHER = "NIH ChestX-ray8", "other"

# `upload` names a file by its sha256, `ingest` puts hashes in the place of patients.
_PSEUDONYMS = re.compile(rf"^[0-9a-f]{{64}}$|{PSEUDONYM.pattern}")


def collections(paths: pd.Series[str]) -> pd.Series[str] | None:
    """Return `NIH` or `OTHER` for each path; None where a name is a pseudonym, which tells nothing."""
    stems = paths.map(lambda path: PurePosixPath(path).stem)
    if stems.map(lambda stem: bool(_PSEUDONYMS.search(stem))).any():
        return None
    return stems.map(lambda stem: NIH if NIH_NAME.fullmatch(stem) else OTHER)
