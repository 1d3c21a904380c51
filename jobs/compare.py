"""Task `compare`: the fused networks and all pairs; writes `predictions`, `metrics` and `comparisons`."""

import sys

from covid_xray.stages.compare import compare
from covid_xray.task import task_main

main = task_main(__doc__, lambda tables, args, notify: compare(tables, args.run_id, notify))

if __name__ == "__main__":
    main(sys.argv[1:])
