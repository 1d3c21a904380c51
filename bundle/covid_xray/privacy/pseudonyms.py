"""Pseudonyms: keyed hashes that replace patient ids in tables, file names and messages."""

from __future__ import annotations

import hashlib
import hmac
import re

PSEUDONYM = re.compile(r"p[0-9a-f]{16}")

# Also matches copies of NIH files with a suffix behind the name.
_NIH_PATIENT = r"(?<!\d)\d{8}(?=_\d)"


def pseudonym(patient_id: str, key: bytes) -> str:
    """Return the HMAC-SHA256 (RFC 2104) of a patient id, truncated to 64 bits."""
    return "p" + hmac.new(key, patient_id.encode(), hashlib.sha256).hexdigest()[:16]


def pseudonymize_name(name: str, patient_id: str, key: bytes) -> str:
    """Replace patient ids in a file name by pseudonyms; different names stay different.

    Parameters
    ----------
    name : str
        Including its folders, if they may contain a patient id.
    patient_id : str
        The patient id, or an empty string if unknown. It is replaced everywhere, ignoring case, but not as
        part of a longer number; the patient number in the name of an NIH file is always replaced.
    """
    ids = f"{_whole_id(patient_id)}|{_NIH_PATIENT}" if patient_id else _NIH_PATIENT
    return re.sub(ids, lambda match: pseudonym(match[0], key), name, flags=re.IGNORECASE)


def _whole_id(patient_id: str) -> str:
    before = r"(?<!\d)" if patient_id[:1].isdigit() else ""
    after = r"(?!\d)" if patient_id[-1:].isdigit() else ""
    return f"{before}{re.escape(patient_id)}{after}"
