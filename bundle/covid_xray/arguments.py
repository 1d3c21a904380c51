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
