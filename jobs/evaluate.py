"""Task `evaluate`: a registered model on labelled images from elsewhere, into `predictions` and `metrics`."""

import sys

from covid_xray.registry.registry import registry_at
from covid_xray.stages.evaluate import evaluate
from covid_xray.task import entry, images, model, patients, registry, settings, settings_in, source_in

main = entry(
    __doc__,
    lambda tables, args, notify: evaluate(
        tables,
        settings_in(args),
        source_in(args),
        registry_at(args.tracking_uri, args.catalog, args.schema).fetch(args.model),
        args.run_id,
        notify,
    ),
    *(settings, images, patients, model, registry),
)

if __name__ == "__main__":
    main(sys.argv[1:])
