"""Task `score`: a registered model's predictions for new images; writes the table `scores`."""

import sys
from datetime import UTC, datetime

from covid_xray.privacy.patient_key import patient_key
from covid_xray.registry.registry import registry_at
from covid_xray.stages.score import score
from covid_xray.task import (
    add_checkpoint,
    add_images,
    add_model,
    add_registry,
    add_settings,
    image_folder,
    settings_from,
    task_main,
)

main = task_main(
    __doc__,
    lambda tables, args, notify: score(
        tables,
        settings_from(args),
        image_folder(args),
        registry_at(args.tracking_uri, args.catalog, args.schema).fetch(args.model),
        args.run_id,
        datetime.now(UTC),
        notify,
        patient_key(args.patient_id_key),
        args.checkpoint,
    ),
    *(add_settings, add_images, add_model, add_registry, add_checkpoint),
)

if __name__ == "__main__":
    main(sys.argv[1:])
