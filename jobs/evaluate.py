"""Task `evaluate`: a registered model on labelled images from elsewhere, into `predictions` and `metrics`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from covid_xray.dataset.source import Source
from covid_xray.errors import DataError
from covid_xray.privacy.patient_key import patient_key
from covid_xray.progress import Notify, print_line
from covid_xray.registry.registry import registry_at
from covid_xray.settings import load_settings
from covid_xray.stages.evaluate import evaluate
from covid_xray.storage.tables import Tables
from covid_xray.task import add_patients, model_parser
from pyspark.sql import SparkSession


def main(argv: Sequence[str], notify: Notify = print_line) -> None:
    """Run the task."""
    parser = model_parser(__doc__ or "", "folder of class folders")
    add_patients(parser)
    args = parser.parse_args(argv)
    if args.data is None:
        raise DataError("nothing to evaluate on: say in the parameter data which folder holds the images")
    evaluate(
        Tables(SparkSession.builder.getOrCreate(), args.catalog, args.schema),
        load_settings(args.config, args.settings),
        Source(args.data, args.patients, patient_key(args.patient_id_key)),
        registry_at(args.tracking_uri, args.catalog, args.schema).fetch(args.model),
        args.run_id,
        notify,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
