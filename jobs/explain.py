"""Task `explain`: what one backbone's classifiers look at, and what they reach with parts of it hidden."""

import sys

from covid_xray.stages.explain import explain
from covid_xray.task import add_backbone, task_main

main = task_main(
    __doc__, lambda tables, args, notify: explain(tables, args.run_id, args.backbone, notify), add_backbone
)

if __name__ == "__main__":
    main(sys.argv[1:])
