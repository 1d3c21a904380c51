"""A model over files, some hundreds at a time."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

import pandas as pd
from radiograph import Reason

from covid_xray.features.key import chunked
from covid_xray.progress import Notify, Progress
from covid_xray.registry.files import pictures
from covid_xray.registry.saved import SavedModel
from covid_xray.settings import Settings
from covid_xray.storage.frames import records
from covid_xray.storage.tables import Tables

_NOT_DECODED = "the network's decoder does not take it"


def applied(
    tables: Tables, settings: Settings, model: SavedModel, files: pd.DataFrame, stage: str, notify: Notify
) -> Iterator[pd.DataFrame]:
    """Yield what the model makes of files, a chunk of `execution.chunk_images` at a time.

    Parameters
    ----------
    files : pandas.DataFrame
        Columns `path`, `file`, `image_id`.
    stage : str
        What progress is told under.

    Yields
    ------
    pandas.DataFrame
        Columns `path`, `image_id`, `reason`, `detail`, `prediction`, `probability`, `distance`, sorted by
        path: a row a file. The last three are null where the file was refused.
    """
    begun, done, paths = monotonic(), 0, files["path"].tolist()
    for part in chunked(paths, settings.execution.chunk_images) if paths else ():
        yield _one_chunk(tables, settings, model, files[files["path"].isin(part)])
        done += len(part)
        about = model.about
        subject = f"{about.backbone} {about.task}"
        notify(Progress(stage, subject, done, len(paths), "files", seconds=monotonic() - begun))


def _one_chunk(tables: Tables, settings: Settings, model: SavedModel, files: pd.DataFrame) -> pd.DataFrame:
    # A file that was refused has no content, of which the model makes nothing.
    images = pictures(tables.spark, files, settings.execution.task_images)
    found = model.apply(images).toPandas()
    silent = found["reason"].isna() & found["prediction"].isna()
    found.loc[silent, ["reason", "detail"]] = [str(Reason.unreadable), _NOT_DECODED]
    return found.sort_values("path", ignore_index=True)


def write_quarantine(tables: Tables, run_id: str, refused: pd.DataFrame) -> None:
    """Put the files that this run refused in the place of what it refused before.

    Parameters
    ----------
    refused : pandas.DataFrame
        Columns `path`, `reason`, `detail`, and `label` where the folder says one.
    """
    columns = [name for name in ("path", "label", "reason", "detail") if name in refused]
    rows = refused[columns].assign(run_id=run_id)
    tables.replace("quarantine", records(rows), where={"run_id": [run_id]})
