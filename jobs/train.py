"""Task `train`: one backbone's classifiers; writes the tables `predictions` and `metrics`."""

import sys

from covid_xray.stages.train import train
from covid_xray.task import add_backbone, task_main

main = task_main(
    __doc__, lambda tables, args, notify: train(tables, args.run_id, args.backbone, notify), add_backbone
)

if __name__ == "__main__":
    main(sys.argv[1:])
