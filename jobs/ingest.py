"""Task `ingest`: a folder of X-rays becomes the tables `images`, `quarantine`, `splits` and `runs`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from covid_xray.dataset.source import Source
from covid_xray.privacy.patient_key import patient_key
from covid_xray.progress import Notify, print_line
from covid_xray.settings import load_settings
from covid_xray.stages.ingest import ingest
from covid_xray.storage.runs import Request
from covid_xray.storage.tables import Tables
from covid_xray.task import add_patient_id_key, add_patients, json_names, task_parser
from pyspark.sql import SparkSession
from sparkdl.weights import kind_of


def main(argv: Sequence[str], notify: Notify = print_line) -> None:
    """Run the task."""
    parser = task_parser(__doc__ or "")
    parser.add_argument("--data", type=Path, required=True, help="folder of class folders")
    add_patients(parser)
    parser.add_argument("--weights", required=True, help="imagenet, random or a path")
    parser.add_argument("--backbones", type=json_names, required=True, help="JSON list")
    parser.add_argument("--tasks", type=json_names, required=True, help="JSON list")
    parser.add_argument("--commit", required=True, help="of the checkout; empty where there is none")
    add_patient_id_key(parser)
    args = parser.parse_args(argv)
    ingest(
        Tables(SparkSession.builder.getOrCreate(), args.catalog, args.schema),
        load_settings(args.config, args.settings),
        Request(args.run_id, args.backbones, args.tasks, kind_of(args.weights)),
        Source(args.data, args.patients, patient_key(args.patient_id_key)),
        args.commit or None,
        datetime.now(UTC),
        notify,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
