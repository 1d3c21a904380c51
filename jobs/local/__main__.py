"""Run the bundle's jobs on this machine and query their tables."""

from __future__ import annotations

import os
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from covid_xray.storage.environment import isolate, restart_if_needed

from jobs.local import commands

ROOT = Path(__file__).resolve().parents[2]
# Exit code of shells for a command ended by Ctrl-C: 128 plus the signal number.
_INTERRUPTED = 130
_MASTER = re.compile(r"local\[([1-9][0-9]*|\*)\]|(spark|sc)://\S+:[0-9]+\S*")
_PATIENTS = "CSV with label, original_filename and patient_id (default: DATA/patients.csv if it exists)"


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="wrapper.sh", description=__doc__)
    parser.add_argument("--debug", action="store_true", help="show the stack trace of a failure")
    groups = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(groups.add_parser("run", help="one published run, `all` of them, or the `sample`"))
    scoring = groups.add_parser("score", help="apply a registered model to new images")
    scoring.add_argument("--data", type=Path, required=True, help="folder of images, or of folders of images")
    scoring.add_argument(
        "--checkpoint",
        type=Path,
        help="read only files that have arrived since the last scoring with this folder, which is made",
    )
    _add_model(scoring)
    scoring.set_defaults(command=commands.score)
    evaluation = groups.add_parser("evaluate", help="evaluate a registered model on other labelled images")
    which = evaluation.add_mutually_exclusive_group(required=True)
    which.add_argument("--data", type=Path, help="class folders from elsewhere")
    which.add_argument(
        "--contrast", type=Path, help="class folders of one source, the positive class among them"
    )
    _add_model(evaluation)
    evaluation.set_defaults(command=commands.evaluate)
    evaluation.add_argument("--patients", type=Path, help=_PATIENTS)
    query = groups.add_parser("sql", help="query the tables of a run, e.g. SELECT * FROM metrics")
    query.set_defaults(command=commands.sql)
    query.add_argument("query")
    _add_output(query)
    query.add_argument("--model", help="a registered model, as classify(content), e.g. VGG16_binary/1")
    query.add_argument("--rows", type=int, default=50, help="maximum number of rows (default: %(default)s)")
    query.add_argument("--width", type=int, default=40, help="maximum column width (default: %(default)s)")
    clean = groups.add_parser("clean", help="remove superseded files of a run's tables")
    clean.set_defaults(command=commands.clean)
    _add_output(clean)
    cluster = groups.add_parser("cluster", help="start or stop a Spark cluster on this machine")
    cluster.add_argument("--folder", type=Path, default=ROOT / ".cluster", help="for logs and process ids")
    actions = cluster.add_subparsers(required=True, metavar="start | stop")
    start = actions.add_parser("start", help=commands.start_cluster.__doc__)
    start.set_defaults(command=commands.start_cluster)
    start.add_argument("--workers", type=int, default=2, help="one core each (default: %(default)s)")
    actions.add_parser("stop", help=commands.stop_cluster.__doc__).set_defaults(command=commands.stop_cluster)
    jars = groups.add_parser("prepare", help="download the Delta jars")
    jars.set_defaults(command=commands.prepare)
    jars.add_argument("--log", type=Path, required=True)
    return parser


def _master(text: str) -> str:
    if not _MASTER.fullmatch(text):
        raise ArgumentTypeError(
            f"{text!r} is none of local[N], local[*], spark://HOST:PORT and sc://HOST:PORT"
        )
    return text


def _add_output(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--output", type=Path, default=Path("out"), help="folder of the run (default: %(default)s)"
    )


def _add_model(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--model", required=True, help="e.g. VGG16_multiclass; VGG16_multiclass/3 for a version"
    )
    _add_output(parser)
    _add_settings(parser)


def _add_settings(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--config", type=Path, default=ROOT / "config.yaml", help="settings (default: config.yaml)")
    add(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="override one setting; may be repeated",
    )
    add("--debug", action="store_true", help="show the stack trace of a failure")


def _add_run(parser: ArgumentParser) -> None:
    parser.set_defaults(command=commands.run)
    add = parser.add_argument
    add("name", help="<Model>_<task>_classification, all or sample")
    add("--data", type=Path, help="folder of class folders, and of manifest.csv if it exists")
    add("--patients", type=Path, help=_PATIENTS)
    add("--weights", help="imagenet (default), random, or a folder or file of weights")
    add("--output", type=Path, help="folder for tables, report and logs (default: out; out/sample)")
    add(
        "--master",
        type=_master,
        default="local[*]",
        help="local[N], spark://... or sc://... (default: %(default)s)",
    )
    add("--again", action="store_true", help="run again even if nothing has changed")
    _add_settings(parser)


def main(argv: Sequence[str]) -> int:
    """Run a command; return 0 for success, 1 for a failed run, 2 for invalid input, 130 for Ctrl-C."""
    args = _parser().parse_args(argv)
    # Before the engine is imported: some of it reads variables only then.
    isolate()
    # Imported here, so that --help does not wait for Spark.
    from covid_xray.errors import CovidXrayError
    from jobgraph import JobGraphError
    from radiograph import FolderError
    from sparkdl import SparkdlError

    try:
        return int(args.command(args))
    except (CovidXrayError, FolderError, JobGraphError, SparkdlError, OSError) as error:
        if args.debug:
            raise
        print(f"wrapper.sh: {_message(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        message = "interrupted; what is stored is kept, and the same command resumes from there"
        print(f"wrapper.sh: {message}", file=sys.stderr)
        return _INTERRUPTED


def _message(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}; existing files are unchanged"
    return str(error)


def end(code: int) -> NoReturn:
    """Exit the process; after Ctrl-C without waiting for steps still running in threads."""
    if code == _INTERRUPTED:
        sys.stdout.flush()
        # Spark's JVM exits with its parent process.
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    restart_if_needed(["-m", "jobs.local", *sys.argv[1:]])
    end(main(sys.argv[1:]))
