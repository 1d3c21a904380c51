"""The table `quarantine`: the files that a run refused."""

from __future__ import annotations

import pandas as pd

from covid_xray.storage.frames import to_arrow
from covid_xray.storage.tables import Tables


def write_quarantine(tables: Tables, run_id: str, refused: pd.DataFrame) -> None:
    """Write the files that this run refused, replacing its earlier rows.

    Parameters
    ----------
    refused : pandas.DataFrame
        Columns `path`, `reason`, `detail`, and `label` if the folder gives one.
    """
    columns = [name for name in ("path", "label", "reason", "detail") if name in refused]
    rows = refused[columns].assign(run_id=run_id)
    tables.replace("quarantine", to_arrow(rows), where={"run_id": [run_id]})
