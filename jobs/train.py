"""Task `train`: one backbone's classifiers, into the tables `predictions` and `metrics`."""

import sys

from covid_xray.stages.train import train
from covid_xray.task import backbone, entry

main = entry(
    __doc__, lambda tables, args, notify: train(tables, args.run_id, args.backbone, notify), backbone
)

if __name__ == "__main__":
    main(sys.argv[1:])
