"""Task `evaluate`: a registered model on labelled external images; writes `predictions` and `metrics`."""

import sys

from covid_xray.registry.registry import registry_at
from covid_xray.stages.evaluate import evaluate
from covid_xray.task import (
    add_images,
    add_model,
    add_patients,
    add_registry,
    add_settings,
    data_folder_from,
    settings_from,
    task_main,
)

main = task_main(
    __doc__,
    lambda tables, args, notify: evaluate(
        tables,
        settings_from(args),
        data_folder_from(args),
        registry_at(args.tracking_uri, args.catalog, args.schema).fetch(args.model),
        args.run_id,
        notify,
    ),
    *(add_settings, add_images, add_patients, add_model, add_registry),
)

if __name__ == "__main__":
    main(sys.argv[1:])
