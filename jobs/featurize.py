"""Task `featurize`: one backbone's features of the images of a run; writes the table `features`."""

import sys

from covid_xray.stages.featurize import featurize
from covid_xray.task import add_backbone, task_main

main = task_main(
    __doc__, lambda tables, args, notify: featurize(tables, args.run_id, args.backbone, notify), add_backbone
)

if __name__ == "__main__":
    main(sys.argv[1:])
