"""Task `featurize`: one backbone over the images of a run, into the table `features`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from covid_xray.progress import Notify, print_line
from covid_xray.settings import load_settings
from covid_xray.stages.featurize import featurize
from covid_xray.storage.tables import Tables
from covid_xray.task import network_parser
from pyspark.sql import SparkSession


def main(argv: Sequence[str], notify: Notify = print_line) -> None:
    """Run the task."""
    args = network_parser(__doc__ or "").parse_args(argv)
    featurize(
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
