"""What is wrong with a setting, in one line: the value given, and what is allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from sparkdl.values import nearest

_LONGEST_VALUE = 60


def problem_of(error: ValidationError, model: type[BaseModel], source: str, keys: Iterable[str]) -> str:
    """Return the first problem of a failed validation as one line.

    Parameters
    ----------
    error : ValidationError
    model : type
        The model that was validated.
    source : str
        Where the values come from.
    keys : iterable of str
        The valid keys, dotted, from which a suggestion is taken.
    """
    problem = error.errors()[0]
    key = ".".join(str(part) for part in problem["loc"])
    setting = f"setting {key!r} in {source}"
    if problem["type"] == "missing":
        return f"{setting} is missing: it must be {_allowed(model, problem['loc'])}"
    if problem["type"] == "extra_forbidden":
        return f"{setting} does not exist{suggestion(key, [*keys, *_beside(model, problem['loc'])])}"
    if problem["type"] == "value_error":
        return f"{setting}: {problem['ctx']['error']}"
    names = re.findall("'([^']+)'", problem["ctx"]["expected"]) if problem["type"] == "literal_error" else ()
    near = suggestion(str(problem["input"]), names)
    return f"{setting} is {shown(problem['input'])}, but must be {_allowed(model, problem['loc'])}{near}"


def _beside(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    """Return the keys, dotted, of the mapping that holds a place."""
    schema = _at(model, loc[:-1])
    return [".".join(str(part) for part in (*loc[:-1], name)) for name in schema.get("properties", {})]


def suggestion(key: str, keys: Iterable[str]) -> str:
    """Return the valid key that is most like `key`, in whatever case, as a question; empty if none is."""
    near = nearest(key, keys)
    return f" (did you mean {near!r}?)" if near else ""


def shown(value: Any) -> str:
    """Return a value as JSON, cut to 60 characters."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def _allowed(model: type[BaseModel], loc: Sequence[int | str]) -> str:
    """Describe what the model's JSON schema allows at a place."""
    return _described(_at(model, loc), model.model_json_schema().get("$defs", {}))


def _at(model: type[BaseModel], loc: Sequence[int | str]) -> Mapping[str, Any]:
    """Return the model's JSON schema of a place."""
    found: Mapping[str, Any] = model.model_json_schema()
    definitions = found.get("$defs", {})
    for part in loc:
        found = _below(_resolved(found, definitions), part)
    return _resolved(found, definitions)


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    return definitions[reference.rpartition("/")[2]] if reference else schema


def _below(schema: Mapping[str, Any], part: int | str) -> Mapping[str, Any]:
    """Return the schema of a member; where a place is no member but a branch of the validation, itself."""
    inner = (
        schema.get("properties", {}).get(part) or schema.get("additionalProperties") or schema.get("items")
    )
    return inner if isinstance(inner, dict) else schema


def _described(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    if choices := schema.get("anyOf"):
        return ", or ".join(_described(_resolved(choice, definitions), definitions) for choice in choices)
    if names := schema.get("enum"):
        return f"one of {', '.join(names)}"
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return " ".join(
            filter(None, ("a whole number" if kind == "integer" else "a number", _bounds(schema)))
        )
    if kind == "array":
        fewest = schema.get("minItems")
        return f"a list of at least {fewest} names" if fewest else "a list of names"
    if kind == "object":
        return "a mapping of keys to values, not empty" if schema.get("minProperties") else "a mapping"
    return "null" if kind == "null" else "a name; in quotes if it looks like a number"


def _bounds(schema: Mapping[str, Any]) -> str:
    if "minimum" in schema and "maximum" in schema:
        return f"from {schema['minimum']} to {schema['maximum']}"
    words = {
        "minimum": "of at least",
        "maximum": "of at most",
        "exclusiveMinimum": "above",
        "exclusiveMaximum": "below",
    }
    return " and ".join(f"{said} {schema[key]}" for key, said in words.items() if key in schema)
