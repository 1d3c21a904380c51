"""The parameters of a run: config.yaml and overrides of it, validated once."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from covid_xray.errors import SettingsError

Classes = Annotated[tuple[str, ...], Field(min_length=2)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Execution(_Section):
    """How the work is divided; none of these parameters changes a result."""

    chunk_images: Annotated[int, Field(ge=1)]
    task_images: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    threads: Annotated[int, Field(ge=1)]
    local_backbones: Annotated[int, Field(ge=1)]


class PatientGrouped(_Section):
    """The protocol `patient_grouped`: all images of a patient are in the same fold."""

    folds: Annotated[int, Field(ge=2)]
    repeats: Annotated[int, Field(ge=0)]


class Settings(_Section):
    """The parameters of config.yaml, which documents each of them."""

    tasks: Annotated[dict[str, Classes], Field(min_length=1)]
    limit_per_class: Annotated[int, Field(ge=2)] | None
    test_fraction: Annotated[float, Field(gt=0, lt=1)]
    repeats: Annotated[int, Field(ge=1)]
    patient_grouped: PatientGrouped
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    bootstrap_resamples: Annotated[int, Field(ge=100)]
    preprocessing: Literal["plain", "lungs"]
    pooling: Literal["published", "none", "avg", "max"]
    scale_hint: Literal[
        "SCALE_AREA_AVERAGING", "SCALE_DEFAULT", "SCALE_FAST", "SCALE_REPLICATE", "SCALE_SMOOTH"
    ]
    reg_param: Annotated[float, Field(gt=0)]
    # Stored runs of earlier versions lack it.
    solver: Literal["auto", "row_space", "batched"] = "auto"
    execution: Execution

    @field_validator("tasks")
    @classmethod
    def _classes_differ(cls, tasks: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for task, classes in tasks.items():
            if len(set(classes)) < len(classes):
                raise ValueError(f"task {task} lists a class twice")
        return tasks

    @property
    def classes(self) -> tuple[str, ...]:
        """All class folders that any task uses, in the order of config.yaml."""
        return tuple(dict.fromkeys(name for names in self.tasks.values() for name in names))

    def result_parameters(self) -> str:
        """JSON of the parameters that results depend on, equal for equal values."""
        return json.dumps(self.model_dump(mode="json", exclude={"execution"}), sort_keys=True)


def load_settings(config: Path, changes: Mapping[str, Any] | None = None) -> Settings:
    """Read `config` and apply `changes` (dotted keys, e.g. `execution.threads`).

    Raises
    ------
    SettingsError
        If a key is unknown, missing or out of range; the message names it on one line.
    """
    values = _read(config)
    valid_keys = list(_dotted_keys(values))
    for key, value in (changes or {}).items():
        if key not in valid_keys:
            raise SettingsError(
                f"unknown setting {key!r}{_suggestion(key, valid_keys)}; {config.name} lists all settings"
            )
        _assign(values, key, value)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_first_problem(error, config)) from None


def parse_changes(pairs: list[str]) -> dict[str, Any]:
    """Parse `KEY=VALUE` arguments; values are YAML, so `60`, `null` and `[a, b]` work."""
    changes: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise SettingsError(f"--set {pair!r}: write it as KEY=VALUE, e.g. --set limit_per_class=60")
        try:
            changes[key.strip()] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise SettingsError(f"--set {pair!r}: the value is not valid YAML") from None
    return changes


def _read(config: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(config.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read the settings file {config}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise SettingsError(f"{config} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise SettingsError(f"{config} contains no settings: it must be a YAML mapping")
    return values


def _dotted_keys(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        yield f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _dotted_keys(value, f"{prefix}{key}.")


def _field_names(section: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in section.model_fields.items():
        yield f"{prefix}{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _field_names(field.annotation, f"{prefix}{name}.")


def _assign(values: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        values = values[parent]
    values[last] = value


def _suggestion(key: str, valid_keys: list[str]) -> str:
    close = difflib.get_close_matches(key, valid_keys, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _first_problem(error: ValidationError, config: Path) -> str:
    problem = error.errors()[0]
    key = ".".join(str(part) for part in problem["loc"])
    suggestion = ""
    if problem["type"] == "extra_forbidden":
        suggestion = _suggestion(key, list(_field_names(Settings)))
    return f"setting {key!r} in {config.name} or --set: {problem['msg']}{suggestion}"
