"""Task `ingest`: a folder of X-rays becomes the tables `images`, `quarantine`, `splits` and `runs`."""

import sys
from datetime import UTC, datetime

from covid_xray.stages.ingest import ingest
from covid_xray.task import entry, images, patients, request, request_in, settings, settings_in, source_in

main = entry(
    __doc__,
    lambda tables, args, notify: ingest(
        tables, settings_in(args), request_in(args), source_in(args), datetime.now(UTC), notify
    ),
    *(settings, request, images, patients),
)

if __name__ == "__main__":
    main(sys.argv[1:])
