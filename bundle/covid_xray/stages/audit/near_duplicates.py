"""Near-duplicates among the images of a run, as rows of a table and as a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from covid_xray.dataset.near_duplicates import NONE, PAIR, TOO_ALIKE, near_duplicates, signature_array
from covid_xray.progress import counted

_COLUMNS = ("image_id", "path", "label", "patient_id")


def near_duplicate_rows(run_id: str, facts: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a run's rows of the table `near_duplicates`: the pairs, or one row that says why there is none.

    Parameters
    ----------
    facts : pandas.DataFrame
        Rows of the table `images`. Those without a signature, which an earlier version wrote, are left out;
        there is no row if all are.
    """
    # Sorted, so that equal images give equal rows.
    images = facts.dropna(subset="signature").drop_duplicates("image_id").sort_values("image_id")
    if images.empty:
        return []
    pairs = near_duplicates(signature_array(images["signature"]))
    if not pairs:
        return [{"run_id": run_id, "found": TOO_ALIKE if pairs is None else NONE}]
    return [
        {"run_id": run_id, "found": PAIR, "similarity": pair.similarity}
        | {name: images[name].iloc[pair.first] for name in _COLUMNS}
        | {f"other_{name}": images[name].iloc[pair.second] for name in _COLUMNS}
        for pair in pairs
    ]


def summary(rows: Sequence[dict[str, Any]]) -> str:
    """Return what was found, in a sentence."""
    if not rows:
        return "near-duplicates cannot be told: the table images lacks signatures, run ingest again"
    if rows[0]["found"] == TOO_ALIKE:
        return "near-duplicates cannot be told: all images resemble each other"
    pairs = [row for row in rows if row["found"] == PAIR]
    apart = sum(row["patient_id"] != row["other_patient_id"] for row in pairs)
    return f"{counted(len(pairs), 'pair')} of near-duplicates, {apart} of them of different patients"
