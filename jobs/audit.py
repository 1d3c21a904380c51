"""Task `audit`: baselines that use no lung pixels; writes the tables `predictions` and `metrics`."""

import sys

from covid_xray.stages.audit import audit
from covid_xray.task import task_main

main = task_main(__doc__, lambda tables, args, notify: audit(tables, args.run_id, notify))

if __name__ == "__main__":
    main(sys.argv[1:])
