"""Run the bundle's jobs on this machine, and look at their tables: what wrapper.sh calls."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from jobs.local import commands

ROOT = Path(__file__).resolve().parents[2]
# What shells say of a command that Ctrl-C has ended: 128 and the number of the signal.
_INTERRUPTED = 130
_PATIENTS = "CSV with label, original_filename and patient_id (default: DATA/patients.csv if it exists)"


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="wrapper.sh", description=__doc__)
    parser.add_argument("--debug", action="store_true", help="show the stack trace of a failure")
    groups = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(groups.add_parser("run", help="one published run, `all` of them, or the `sample`"))
    scoring = groups.add_parser("score", help="new images through a registered model")
    _add_model(scoring, "folder of images, or of folders of images")
    scoring.set_defaults(command=commands.score)
    evaluation = groups.add_parser("evaluate", help="a registered model on a labelled folder from elsewhere")
    _add_model(evaluation, "folder of class folders")
    evaluation.set_defaults(command=commands.evaluate)
    evaluation.add_argument("--patients", type=Path, help=_PATIENTS)
    query = groups.add_parser("sql", help="query the tables of a run, e.g. SELECT * FROM metrics")
    query.set_defaults(command=commands.sql)
    query.add_argument("query")
    _add_output(query)
    query.add_argument("--rows", type=int, default=50, help="to print at most (default: %(default)s)")
    query.add_argument("--width", type=int, default=40, help="of a column (default: %(default)s)")
    superseded = groups.add_parser("clean", help="remove superseded files of a run's tables")
    superseded.set_defaults(command=commands.clean)
    _add_output(superseded)
    cluster = groups.add_parser("cluster", help="start or stop a Spark cluster on this machine")
    cluster.add_argument("--folder", type=Path, default=ROOT / ".cluster", help="for logs and process ids")
    actions = cluster.add_subparsers(required=True, metavar="start | stop")
    start = actions.add_parser("start", help=commands.start_cluster.__doc__)
    start.set_defaults(command=commands.start_cluster)
    start.add_argument("--workers", type=int, default=2, help="of one core each (default: %(default)s)")
    actions.add_parser("stop", help=commands.stop_cluster.__doc__).set_defaults(command=commands.stop_cluster)
    jars = groups.add_parser("prepare", help="fetch the Delta jars")
    jars.set_defaults(command=commands.prepare)
    jars.add_argument("--log", type=Path, required=True)
    return parser


def _add_output(parser: ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, default=Path("out"), help="of the run (default: %(default)s)")


def _add_model(parser: ArgumentParser, data: str) -> None:
    parser.add_argument("--data", type=Path, required=True, help=data)
    parser.add_argument(
        "--model", required=True, help="e.g. VGG16_multiclass; VGG16_multiclass/3 for a version"
    )
    _add_output(parser)
    _add_settings(parser)


def _add_settings(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--config", type=Path, default=ROOT / "config.yaml", help="settings (default: config.yaml)")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="change one setting; may be repeated")
    add("--debug", action="store_true", help="show the stack trace of a failure")


def _add_run(parser: ArgumentParser) -> None:
    parser.set_defaults(command=commands.run)
    add = parser.add_argument
    add("name", help="<Model>_<task>_classification, all or sample")
    add("--data", type=Path, help="folder of class folders, with manifest.csv beside them if there is one")
    add("--patients", type=Path, help=_PATIENTS)
    add("--weights", help="imagenet (default), random, or a folder or file of weights")
    add("--output", type=Path, help="folder for tables, report and logs (default: out; out/sample)")
    add("--master", default="local[*]", help="local[N], spark://... or sc://... (default: %(default)s)")
    add("--again", action="store_true", help="repeat what has been done")
    _add_settings(parser)


def main(argv: Sequence[str]) -> int:
    """Run a command: 0 for success, 1 for a run that failed, 2 for what cannot be met, 130 for Ctrl-C."""
    args = _parser().parse_args(argv)
    # Here, not above: --help must not wait for Spark.
    from covid_xray.errors import CovidXrayError
    from jobgraph import JobGraphError
    from radiograph import FolderError
    from sparkdl import SparkdlError

    try:
        return int(args.command(args))
    except (CovidXrayError, FolderError, JobGraphError, SparkdlError, OSError) as error:
        if args.debug:
            raise
        print(f"wrapper.sh: {_said(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        message = "interrupted; what is done is kept, and the same command goes on from there"
        print(f"wrapper.sh: {message}", file=sys.stderr)
        return _INTERRUPTED


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}; nothing that was there is lost"
    return str(error)


def end(code: int) -> NoReturn:
    """Leave the process, after Ctrl-C without waiting for steps that are under way in threads."""
    if code == _INTERRUPTED:
        sys.stdout.flush()
        # Spark ends with its parent.
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    end(main(sys.argv[1:]))
