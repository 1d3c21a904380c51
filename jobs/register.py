"""Task `register`: one backbone's final models of a run, logged to MLflow and registered."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from covid_xray.progress import Notify, print_line
from covid_xray.registry.registry import registry_at
from covid_xray.settings import load_settings
from covid_xray.stages.register import register
from covid_xray.storage.tables import Tables
from covid_xray.task import network_parser
from pyspark.sql import SparkSession


def main(argv: Sequence[str], notify: Notify = print_line) -> None:
    """Run the task."""
    parser = network_parser(__doc__ or "")
    parser.add_argument("--tracking-uri", required=True, help="MLflow's: databricks, or sqlite:////...")
    parser.add_argument("--experiment", required=True, help="where runs are logged")
    args = parser.parse_args(argv)
    register(
        Tables(SparkSession.builder.getOrCreate(), args.catalog, args.schema),
        load_settings(args.config, args.settings),
        args.run_id,
        args.backbone,
        args.weights,
        args.weights_store,
        registry_at(args.tracking_uri, args.catalog, args.schema, args.experiment),
        notify,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
