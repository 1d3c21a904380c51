"""Task `score`: what a registered model says of new images, into the table `scores`."""

import sys
from datetime import UTC, datetime

from covid_xray.privacy.patient_key import patient_key
from covid_xray.registry.registry import registry_at
from covid_xray.stages.score import score
from covid_xray.task import entry, folder_in, images, model, registry, settings, settings_in

main = entry(
    __doc__,
    lambda tables, args, notify: score(
        tables,
        settings_in(args),
        folder_in(args),
        registry_at(args.tracking_uri, args.catalog, args.schema).fetch(args.model),
        args.run_id,
        datetime.now(UTC),
        notify,
        patient_key(args.patient_id_key),
    ),
    *(settings, images, model, registry),
)

if __name__ == "__main__":
    main(sys.argv[1:])
