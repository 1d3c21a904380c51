"""The arguments of the tasks: where things are, and which run. Everything else is in config.yaml."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any


def task_parser(description: str) -> ArgumentParser:
    """Return a parser of what every task is told."""
    parser = ArgumentParser(description=description, allow_abbrev=False)
    parser.add_argument("--config", type=Path, required=True, help="config.yaml")
    parser.add_argument("--catalog", required=True)
    parser.add_argument("--schema", required=True)
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
    return parser


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


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ArgumentTypeError(f"not valid JSON: {text} ({error.msg})") from None
