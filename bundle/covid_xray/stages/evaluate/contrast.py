"""Evaluate a model on a contrast set: its positive class and others, all of one source."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from radiograph import class_folders

from covid_xray.dataset.data_folder import DataFolder
from covid_xray.errors import DataError
from covid_xray.evaluation.contrast import OTHERS, against_all_others, contrasts
from covid_xray.evaluation.protocols import CONTRAST
from covid_xray.evaluation.results import results
from covid_xray.evaluation.strata import strata_rows
from covid_xray.progress import Notify, Progress
from covid_xray.registry.versions import Registered
from covid_xray.settings import Settings
from covid_xray.stages.evaluate.predict import predict
from covid_xray.storage.tables import Tables


def contrast(
    tables: Tables,
    folder: DataFolder,
    settings: Settings,
    registered: Registered,
    run_id: str,
    notify: Notify,
) -> None:
    """Write `predictions`, `metrics` and `strata` for the folders of a contrast set, as protocol `contrast`.

    The other classes need not be classes of the model: a model that tells disease, and not the source, calls
    few of them positive. They replace an earlier contrast of the same model.

    Raises
    ------
    DataError
        If the folder of the positive class or any other is missing, or without usable images.
    """
    about = registered.model.about
    positive = about.classes[0]
    classes = _classes(folder.root, positive)
    found = predict(tables, settings, folder, classes, registered, CONTRAST, run_id, notify)
    labels = set(found.images["label"])
    if positive not in labels or len(labels) < 2:
        raise DataError(
            f"{folder.root} has usable images of {', '.join(sorted(labels))} alone: a contrast needs "
            f"{positive} and another class, see the table quarantine"
        )
    sources = found.files.loc[found.files["image_id"].isin(found.images["image_id"]), "source"].nunique()
    measure = partial(contrasts, sources=sources)
    written = results(tables, about.run_id, "backbone", about.backbone, found.images, settings, measure)
    two_classes = against_all_others(found.images, positive)
    strata = strata_rows(about.run_id, about.backbone, two_classes, found.files, settings, OTHERS)
    tables.replace_each(written | {"strata": (strata, written["metrics"][1])})
    several = f"the images are of {sources} sources, which may tell the classes apart" if sources > 1 else ""
    notify(Progress("evaluate", note="; ".join(filter(None, (f"contrast: {found.note}", several)))))


def _classes(root: Path, positive: str) -> list[str]:
    folders = class_folders(root)
    others = [name for name in folders if name != positive]
    if positive in folders and others:
        return folders
    missing = f"no folder {positive}" if positive not in folders else f"no folder beside {positive}"
    raise DataError(
        f"{root} has {missing}: a contrast set has the positive class of the model and one or more other "
        "classes of the same source, a folder each"
    )
