"""Task `register`: logs one backbone's final models of a run to MLflow and registers them."""

import sys

from covid_xray.registry.registry import registry_at
from covid_xray.stages.register import register
from covid_xray.task import add_backbone, add_experiment, add_registry, task_main

main = task_main(
    __doc__,
    lambda tables, args, notify: register(
        tables,
        args.run_id,
        args.backbone,
        registry_at(args.tracking_uri, args.catalog, args.schema, args.experiment),
        notify,
    ),
    *(add_backbone, add_registry, add_experiment),
)

if __name__ == "__main__":
    main(sys.argv[1:])
