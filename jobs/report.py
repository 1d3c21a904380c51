"""Task `report`: the page with every figure of a run; fails when a row of the run did not succeed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from covid_xray.progress import Notify, Progress, print_line
from covid_xray.settings import load_settings
from covid_xray.stages.report import write_report
from covid_xray.storage.tables import Tables
from covid_xray.task import task_parser
from pyspark.sql import SparkSession


def main(argv: Sequence[str], notify: Notify = print_line) -> None:
    """Run the task."""
    parser = task_parser(__doc__ or "")
    parser.add_argument("--reports", type=Path, required=True, help="folder for index.html")
    args = parser.parse_args(argv)
    load_settings(args.config, args.settings)
    tables = Tables(SparkSession.builder.getOrCreate(), args.catalog, args.schema)
    page = write_report(tables, args.run_id, args.reports, datetime.now(UTC))
    notify(Progress("report", note=str(page)))


if __name__ == "__main__":
    main(sys.argv[1:])
