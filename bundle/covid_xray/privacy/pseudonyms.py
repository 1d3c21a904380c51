"""What stands for a patient where no id may: a keyed hash, in tables, names of files and messages alike."""

from __future__ import annotations

import hashlib
import hmac
import re

PSEUDONYM = re.compile(r"p[0-9a-f]{16}")

# In copies of NIH's files too, whatever has been put behind their names.
_NIH_PATIENT = r"(?<!\d)\d{8}(?=_\d)"


def pseudonym(patient_id: str, key: bytes) -> str:
    """Return the HMAC-SHA256 (RFC 2104) of a patient id, cut to 64 bits: equal patients stay equal."""
    return "p" + hmac.new(key, patient_id.encode(), hashlib.sha256).hexdigest()[:16]


def hidden(name: str, patient_id: str, key: bytes) -> str:
    """Return the name of a file with hashes in place of ids; names that differ stay different.

    Parameters
    ----------
    name : str
        With its folders, if they may be named after a patient.
    patient_id : str
        The id as far as it is known, or an empty text. It is hashed wherever it stands, whatever its case,
        but not as part of a longer number; a patient's number in the name of an NIH file is hashed anyway.
    """
    ids = f"{_alone(patient_id)}|{_NIH_PATIENT}" if patient_id else _NIH_PATIENT
    return re.sub(ids, lambda found: pseudonym(found[0], key), name, flags=re.IGNORECASE)


def _alone(patient_id: str) -> str:
    before = r"(?<!\d)" if patient_id[:1].isdigit() else ""
    after = r"(?!\d)" if patient_id[-1:].isdigit() else ""
    return f"{before}{re.escape(patient_id)}{after}"
