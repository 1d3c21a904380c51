"""Task `evaluate`: a registered model on labelled images from elsewhere, or of one source."""

import sys
from argparse import Namespace

from covid_xray.dataset.data_folder import DataFolder
from covid_xray.privacy.patient_key import patient_key
from covid_xray.progress import Notify
from covid_xray.registry.registry import registry_at
from covid_xray.stages.evaluate import apply_baselines, contrast, evaluate, judge
from covid_xray.storage.tables import Tables
from covid_xray.task import (
    add_contrast,
    add_images,
    add_model,
    add_patients,
    add_registry,
    add_settings,
    data_folder_from,
    settings_from,
    task_main,
)


def _evaluate(tables: Tables, args: Namespace, notify: Notify) -> None:
    registry = registry_at(args.tracking_uri, args.catalog, args.schema)
    registered, settings = registry.fetch(args.model), settings_from(args)
    about = (settings, registered, args.run_id, notify)
    if args.contrast:
        key = patient_key(args.patient_id_key)
        contrast(tables, DataFolder(args.contrast, args.patients, key), *about)
    if args.data or not args.contrast:
        folder = data_folder_from(args)
        found = evaluate(tables, folder, *about)
        apply_baselines(tables, folder.root, settings, registered.model.about, found, notify)
    judge(tables, settings, registry, registered, notify)


main = task_main(
    __doc__, _evaluate, *(add_settings, add_images, add_patients, add_contrast, add_model, add_registry)
)

if __name__ == "__main__":
    main(sys.argv[1:])
