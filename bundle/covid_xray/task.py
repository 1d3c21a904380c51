"""What the scripts of `jobs/` share: their arguments, the Spark session, and where progress goes."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from pyspark.sql import SparkSession

from covid_xray.dataset.source import Source
from covid_xray.errors import DataError
from covid_xray.privacy.patient_key import Secret, patient_key
from covid_xray.progress import Notify, logged
from covid_xray.settings import Settings, load_settings
from covid_xray.storage.runs import Request
from covid_xray.storage.tables import Tables

Argument = Callable[[ArgumentParser], None]
Work = Callable[[Tables, Namespace, Notify], object]


class Main(Protocol):
    """What a script is called with."""

    def __call__(self, argv: Sequence[str], notify: Notify | None = None) -> None:
        """Run the task."""


# https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-names
_UNITY_NAME = re.compile(r"[^./ \x00-\x1f\x7f]{1,255}")
# https://docs.databricks.com/aws/en/security/secrets/
_SECRET = re.compile(r"([\w.@-]{1,128})/([\w.-]{1,128})", re.ASCII)


def entry(description: str | None, work: Work, *arguments: Argument) -> Main:
    """Make the `main` of a script: parse its arguments, take the Spark session at hand, do the work.

    Parameters
    ----------
    description : str
        The script's docstring.
    work : callable
        Is given the tables, the parsed arguments and where progress goes.
    *arguments : callable
        Add what the script is told besides `--catalog`, `--schema` and `--run-id`.

    Returns
    -------
    callable
        Is given the arguments as texts, and where progress goes: to the log, unless said otherwise.
    """

    def main(argv: Sequence[str], notify: Notify | None = None) -> None:
        parser = ArgumentParser(description=description, allow_abbrev=False)
        for add in (_tables, *arguments):
            add(parser)
        args = parser.parse_args(argv)
        tables = Tables(SparkSession.builder.getOrCreate(), args.catalog, args.schema)
        work(tables, args, notify or logged())

    return main


def _tables(parser: ArgumentParser) -> None:
    parser.add_argument("--catalog", type=unity_name, required=True)
    parser.add_argument("--schema", type=unity_name, required=True)
    parser.add_argument("--run-id", required=True)


def backbone(parser: ArgumentParser) -> None:
    """Add which network a task is for."""
    parser.add_argument("--backbone", required=True)


def settings(parser: ArgumentParser) -> None:
    """Add what only the first task of a job is told, since it writes down how the others work."""
    parser.add_argument("--config", type=Path, required=True, help="config.yaml")
    parser.add_argument("--settings", type=json_object, required=True, help="changes to config.yaml, as JSON")


def settings_in(args: Namespace) -> Settings:
    """Return the validated settings."""
    return load_settings(args.config, args.settings)


def request(parser: ArgumentParser) -> None:
    """Add what a run is asked for."""
    parser.add_argument("--backbones", type=json_names, required=True, help="JSON list")
    parser.add_argument("--tasks", type=json_names, required=True, help="JSON list")
    parser.add_argument("--weights", required=True, help="imagenet, random or a path")
    parser.add_argument("--weights-store", type=Path, required=True, help="folder that the workers see too")
    parser.add_argument("--commit", required=True, help="of the checkout; empty where there is none")


def request_in(args: Namespace) -> Request:
    """Return what the run is asked for."""
    return Request(
        args.run_id, args.backbones, args.tasks, args.weights, args.weights_store, args.commit or None
    )


def images(parser: ArgumentParser) -> None:
    """Add which images a task is given; in their names may stand patients' ids."""
    parser.add_argument("--data", type=optional_path, required=True, help="folder of images")
    parser.add_argument(
        "--patient-id-key",
        type=optional_secret,
        required=True,
        help="<scope>/<key> of the secret that hashes patients' ids; empty leaves them as they are",
    )


def patients(parser: ArgumentParser) -> None:
    """Add where a task finds patients' ids."""
    parser.add_argument(
        "--patients",
        type=optional_path,
        required=True,
        help="CSV of patient ids; empty for patients.csv in --data",
    )


def folder_in(args: Namespace) -> Path:
    """Return the folder of images.

    Raises
    ------
    DataError
        If none is given.
    """
    if args.data is None:
        raise DataError("there are no images: say in the parameter data which folder holds them")
    folder: Path = args.data
    return folder


def source_in(args: Namespace) -> Source:
    """Return the folder of images, with their patients."""
    return Source(folder_in(args), args.patients, patient_key(args.patient_id_key))


def registry(parser: ArgumentParser) -> None:
    """Add where models are registered."""
    parser.add_argument("--tracking-uri", required=True, help="MLflow's: databricks, or sqlite:////...")


def experiment(parser: ArgumentParser) -> None:
    """Add where the runs of models are logged."""
    parser.add_argument("--experiment", required=True, help="where runs are logged")


def model(parser: ArgumentParser) -> None:
    """Add which registered model a task applies."""
    parser.add_argument("--model", required=True, help="VGG16_multiclass; VGG16_multiclass/3 for a version")


def reports(parser: ArgumentParser) -> None:
    """Add where the page goes."""
    parser.add_argument("--reports", type=Path, required=True, help="folder for index.html")


def json_object(text: str) -> dict[str, Any]:
    """Read a JSON object."""
    value = _json(text)
    if not isinstance(value, dict):
        raise ArgumentTypeError(f"not a JSON object: {text}")
    return value


def json_names(text: str) -> tuple[str, ...]:
    """Read a non-empty JSON list of texts."""
    value = _json(text)
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise ArgumentTypeError(f"not a JSON list of names: {text}")
    return tuple(value)


def optional_path(text: str) -> Path | None:
    """Read a path; job parameters cannot be absent, so an empty one stands for none."""
    return Path(text) if text else None


def unity_name(text: str) -> str:
    """Read a name of a Unity Catalog object."""
    if not _UNITY_NAME.fullmatch(text):
        raise ArgumentTypeError(
            f"no name for Unity Catalog: {text!r} (at most 255 characters, none of them a period, a space, a "
            "slash or a control character)"
        )
    return text


def optional_secret(text: str) -> Secret | None:
    """Read `<scope>/<key>`; an empty text stands for none."""
    found = _SECRET.fullmatch(text)
    if text and not found:
        raise ArgumentTypeError(f"no secret: {text!r} (write <scope>/<key>)")
    return Secret(found[1], found[2]) if found else None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ArgumentTypeError(f"not valid JSON: {text} ({error.msg})") from None
