"""Task `ingest`: reads a folder of X-rays; writes `images`, `quarantine`, `splits` and `runs`."""

import sys
from datetime import UTC, datetime

from covid_xray.stages.ingest import ingest
from covid_xray.task import (
    add_images,
    add_patients,
    add_request,
    add_settings,
    data_folder_from,
    request_from,
    settings_from,
    task_main,
)

main = task_main(
    __doc__,
    lambda tables, args, notify: ingest(
        tables, settings_from(args), request_from(args), data_folder_from(args), datetime.now(UTC), notify
    ),
    *(add_settings, add_request, add_images, add_patients),
)

if __name__ == "__main__":
    main(sys.argv[1:])
