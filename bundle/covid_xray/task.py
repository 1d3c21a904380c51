"""Shared code of the scripts in `jobs/`: arguments, the Spark session and progress messages."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from pyspark.sql import SparkSession

from covid_xray.dataset.data_folder import DataFolder
from covid_xray.errors import DataError
from covid_xray.privacy.patient_key import Secret, patient_key
from covid_xray.progress import Notify, progress_logger
from covid_xray.settings import Settings, load_settings
from covid_xray.storage.runs import Request
from covid_xray.storage.tables import Tables

Argument = Callable[[ArgumentParser], None]
Work = Callable[[Tables, Namespace, Notify], object]


class Main(Protocol):
    """The `main` function of a script."""

    def __call__(self, argv: Sequence[str], notify: Notify | None = None) -> None:
        """Run the task."""


# https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-names
_UNITY_NAME = re.compile(r"[^./ \x00-\x1f\x7f]{1,255}")
# https://docs.databricks.com/aws/en/security/secrets/
_SECRET = re.compile(r"([\w.@-]{1,128})/([\w.-]{1,128})", re.ASCII)


def task_main(description: str | None, work: Work, *arguments: Argument) -> Main:
    """Make the `main` function of a script: parse the arguments, get the Spark session, call `work`.

    Parameters
    ----------
    description : str
        The script's docstring.
    work : callable
        Receives the tables, the parsed arguments and the progress callback.
    *arguments : callable
        Add the script's arguments besides `--catalog`, `--schema` and `--run-id`.

    Returns
    -------
    callable
        Receives the command-line arguments and a progress callback; the default writes to the log.
    """

    def main(argv: Sequence[str], notify: Notify | None = None) -> None:
        parser = ArgumentParser(description=description, allow_abbrev=False)
        for add in (_add_tables, *arguments):
            add(parser)
        args = parser.parse_args(argv)
        tables = Tables(SparkSession.builder.getOrCreate(), args.catalog, args.schema)
        work(tables, args, notify or progress_logger())

    return main


def _add_tables(parser: ArgumentParser) -> None:
    parser.add_argument("--catalog", type=unity_name, required=True)
    parser.add_argument("--schema", type=unity_name, required=True)
    parser.add_argument("--run-id", required=True)


def add_backbone(parser: ArgumentParser) -> None:
    """Add the network that a task processes."""
    parser.add_argument("--backbone", required=True)


def add_settings(parser: ArgumentParser) -> None:
    """Add the settings, which only the first task of a job takes: it stores them for the later tasks."""
    parser.add_argument("--config", type=Path, required=True, help="config.yaml")
    parser.add_argument("--settings", type=json_object, required=True, help="JSON overrides of config.yaml")


def settings_from(args: Namespace) -> Settings:
    """Return the validated settings."""
    return load_settings(args.config, args.settings)


def add_request(parser: ArgumentParser) -> None:
    """Add what is requested of a run."""
    parser.add_argument("--backbones", type=json_names, required=True, help="JSON list")
    parser.add_argument("--tasks", type=json_names, required=True, help="JSON list")
    parser.add_argument("--weights", required=True, help="imagenet, random or a path")
    parser.add_argument("--weights-store", type=Path, required=True, help="folder that the workers can read")
    parser.add_argument("--commit", required=True, help="git commit of the code; may be empty")


def request_from(args: Namespace) -> Request:
    """Return what is requested of the run."""
    return Request(
        args.run_id, args.backbones, args.tasks, args.weights, args.weights_store, args.commit or None
    )


def add_images(parser: ArgumentParser) -> None:
    """Add the folder of images, and the key for patient ids, which file names may contain."""
    parser.add_argument("--data", type=optional_path, required=True, help="folder of images")
    parser.add_argument(
        "--patient-id-key",
        type=optional_secret,
        required=True,
        help="<scope>/<key> of the secret used to hash patient ids; empty keeps them unchanged",
    )


def add_patients(parser: ArgumentParser) -> None:
    """Add the file of patient ids."""
    parser.add_argument(
        "--patients",
        type=optional_path,
        required=True,
        help="CSV of patient ids; empty for patients.csv in --data",
    )


def add_contrast(parser: ArgumentParser) -> None:
    """Add the folder of a contrast set."""
    parser.add_argument(
        "--contrast",
        type=optional_path,
        required=True,
        help="class folders of one source, or empty",
    )


def image_folder(args: Namespace) -> Path:
    """Return the folder of images.

    Raises
    ------
    DataError
        If `--data` is empty.
    """
    if args.data is None:
        raise DataError("no images given: set the parameter data to the folder that holds them")
    folder: Path = args.data
    return folder


def data_folder_from(args: Namespace) -> DataFolder:
    """Return the folder of images with the patient ids."""
    return DataFolder(image_folder(args), args.patients, patient_key(args.patient_id_key))


def add_registry(parser: ArgumentParser) -> None:
    """Add the model registry."""
    parser.add_argument(
        "--tracking-uri", required=True, help="MLflow tracking URI: databricks, or sqlite:////..."
    )


def add_experiment(parser: ArgumentParser) -> None:
    """Add the MLflow experiment."""
    parser.add_argument("--experiment", required=True, help="MLflow experiment that runs are logged to")


def add_model(parser: ArgumentParser) -> None:
    """Add the registered model that a task applies."""
    parser.add_argument("--model", required=True, help="e.g. VGG16_multiclass, or VGG16_multiclass/3")


def add_checkpoint(parser: ArgumentParser) -> None:
    """Add the folder in which a stream keeps what has arrived."""
    parser.add_argument(
        "--checkpoint",
        type=optional_path,
        required=True,
        help="folder for what has arrived; empty for all files of --data",
    )


def add_reports(parser: ArgumentParser) -> None:
    """Add the folder of the report."""
    parser.add_argument("--reports", type=Path, required=True, help="folder for index.html")


def json_object(text: str) -> dict[str, Any]:
    """Parse a JSON object."""
    value = _json(text)
    if not isinstance(value, dict):
        raise ArgumentTypeError(f"not a JSON object: {text}")
    return value


def json_names(text: str) -> tuple[str, ...]:
    """Parse a non-empty JSON list of strings."""
    value = _json(text)
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise ArgumentTypeError(f"not a JSON list of names: {text}")
    return tuple(value)


def optional_path(text: str) -> Path | None:
    """Parse a path; job parameters cannot be omitted, so an empty string means none."""
    return Path(text) if text else None


def unity_name(text: str) -> str:
    """Check the name of a Unity Catalog object."""
    if not _UNITY_NAME.fullmatch(text):
        raise ArgumentTypeError(
            f"not a valid Unity Catalog name: {text!r} (at most 255 characters; no period, space, slash or "
            "control character)"
        )
    return text


def optional_secret(text: str) -> Secret | None:
    """Parse `<scope>/<key>`; an empty string means none."""
    match = _SECRET.fullmatch(text)
    if text and not match:
        raise ArgumentTypeError(f"not a secret: {text!r} (write <scope>/<key>)")
    return Secret(match[1], match[2]) if match else None


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_each_key_once)
    except json.JSONDecodeError as error:
        raise ArgumentTypeError(f"not valid JSON: {text} ({error.msg})") from None
    except RecursionError:
        raise ArgumentTypeError("not valid JSON: it is nested too deep") from None


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ArgumentTypeError(f"a key is given twice: {', '.join(key for key, _ in pairs)}")
    return values
