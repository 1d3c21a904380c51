"""Task `featurize`: one backbone over the images of a run, into the table `features`."""

import sys

from covid_xray.stages.featurize import featurize
from covid_xray.task import backbone, entry

main = entry(
    __doc__, lambda tables, args, notify: featurize(tables, args.run_id, args.backbone, notify), backbone
)

if __name__ == "__main__":
    main(sys.argv[1:])
