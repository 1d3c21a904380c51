"""Task `explain`: where one backbone's classifiers look in held-out images, into the table `explanations`."""

import sys

from covid_xray.stages.explain import explain
from covid_xray.task import backbone, entry

main = entry(
    __doc__, lambda tables, args, notify: explain(tables, args.run_id, args.backbone, notify), backbone
)

if __name__ == "__main__":
    main(sys.argv[1:])
