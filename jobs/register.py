"""Task `register`: one backbone's final models of a run, logged to MLflow and registered."""

import sys

from covid_xray.registry.registry import registry_at
from covid_xray.stages.register import register
from covid_xray.task import backbone, entry, experiment, registry

main = entry(
    __doc__,
    lambda tables, args, notify: register(
        tables,
        args.run_id,
        args.backbone,
        registry_at(args.tracking_uri, args.catalog, args.schema, args.experiment),
        notify,
    ),
    *(backbone, registry, experiment),
)

if __name__ == "__main__":
    main(sys.argv[1:])
