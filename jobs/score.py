"""Task `score`: what a registered model says of new images, into the table `scores`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from covid_xray.errors import DataError
from covid_xray.privacy.patient_key import patient_key
from covid_xray.progress import Notify, print_line
from covid_xray.registry.registry import registry_at
from covid_xray.settings import load_settings
from covid_xray.stages.score import score
from covid_xray.storage.tables import Tables
from covid_xray.task import model_parser
from pyspark.sql import SparkSession


def main(argv: Sequence[str], notify: Notify = print_line) -> None:
    """Run the task."""
    args = model_parser(__doc__ or "", "folder of images").parse_args(argv)
    if args.data is None:
        raise DataError("nothing to score: say in the parameter data which folder holds the images")
    score(
        Tables(SparkSession.builder.getOrCreate(), args.catalog, args.schema),
        load_settings(args.config, args.settings),
        args.data,
        registry_at(args.tracking_uri, args.catalog, args.schema).fetch(args.model),
        args.run_id,
        datetime.now(UTC),
        notify,
        patient_key(args.patient_id_key),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
