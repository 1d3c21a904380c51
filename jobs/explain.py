"""Task `explain`: where one backbone's classifiers look in held-out images, into the table `explanations`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from covid_xray.arguments import task_parser
from covid_xray.explain import explain
from covid_xray.progress import Notify, print_line
from covid_xray.settings import load_settings
from covid_xray.tables import Tables
from pyspark.sql import SparkSession


def main(argv: Sequence[str], notify: Notify = print_line) -> None:
    """Run the task."""
    parser = task_parser(__doc__ or "")
    parser.add_argument("--backbone", required=True)
    parser.add_argument("--weights", required=True, help="imagenet, random or a path")
    parser.add_argument("--weights-store", type=Path, required=True, help="folder that the workers see too")
    args = parser.parse_args(argv)
    explain(
        Tables(SparkSession.builder.getOrCreate(), args.catalog, args.schema),
        load_settings(args.config, args.settings),
        args.run_id,
        args.backbone,
        args.weights,
        args.weights_store,
        notify,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
