"""Task `explain`: where one backbone's classifiers look in held-out images, into the table `explanations`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from covid_xray.arguments import network_parser
from covid_xray.explain import explain
from covid_xray.progress import Notify, print_line
from covid_xray.settings import load_settings
from covid_xray.tables import Tables
from pyspark.sql import SparkSession


def main(argv: Sequence[str], notify: Notify = print_line) -> None:
    """Run the task."""
    args = network_parser(__doc__ or "").parse_args(argv)
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
