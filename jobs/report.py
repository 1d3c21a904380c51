"""Task `report`: writes the report page of a run; fails if a row of the run did not succeed."""

import sys
from datetime import UTC, datetime

from covid_xray.progress import Progress
from covid_xray.stages.report import write_report
from covid_xray.task import add_reports, task_main

main = task_main(
    __doc__,
    lambda tables, args, notify: notify(
        Progress("report", note=str(write_report(tables, args.run_id, args.reports, datetime.now(UTC))))
    ),
    add_reports,
)

if __name__ == "__main__":
    main(sys.argv[1:])
