"""The arguments of the tasks: where things are, and which run. Everything else is in config.yaml."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from covid_xray.privacy.patient_key import Secret

# https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-names
_UNITY_NAME = re.compile(r"[^./ \x00-\x1f\x7f]{1,255}")
# https://docs.databricks.com/aws/en/security/secrets/
_SECRET = re.compile(r"([\w.@-]{1,128})/([\w.-]{1,128})", re.ASCII)


def task_parser(description: str) -> ArgumentParser:
    """Return a parser of what every task is told."""
    parser = ArgumentParser(description=description, allow_abbrev=False)
    parser.add_argument("--config", type=Path, required=True, help="config.yaml")
    parser.add_argument("--catalog", type=unity_name, required=True)
    parser.add_argument("--schema", type=unity_name, required=True)
    parser.add_argument("--run-id", required=True)
    parser.add_argument("--settings", type=json_object, required=True, help="changes to config.yaml, as JSON")
    return parser


def network_parser(description: str) -> ArgumentParser:
    """Return a parser for a task that shows images to one network."""
    parser = task_parser(description)
    parser.add_argument("--backbone", required=True)
    parser.add_argument("--weights", required=True, help="imagenet, random or a path")
    parser.add_argument("--weights-store", type=Path, required=True, help="folder that the workers see too")
    return parser


def model_parser(description: str, data: str) -> ArgumentParser:
    """Return a parser for a task that takes a registered model to `data`, which this describes."""
    parser = task_parser(description)
    parser.add_argument("--data", type=optional_path, required=True, help=data)
    parser.add_argument("--model", required=True, help="VGG16_multiclass; VGG16_multiclass/3 for a version")
    parser.add_argument("--tracking-uri", required=True, help="MLflow's: databricks, or sqlite:////...")
    add_patient_id_key(parser)
    return parser


def add_patients(parser: ArgumentParser) -> None:
    """Add where a task finds patients' ids."""
    parser.add_argument(
        "--patients",
        type=optional_path,
        required=True,
        help="CSV of patient ids; empty for patients.csv in --data",
    )


def add_patient_id_key(parser: ArgumentParser) -> None:
    """Add what a task is told that may meet patients' ids."""
    parser.add_argument(
        "--patient-id-key",
        type=optional_secret,
        required=True,
        help="<scope>/<key> of the secret that hashes patients' ids; empty leaves them as they are",
    )


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
