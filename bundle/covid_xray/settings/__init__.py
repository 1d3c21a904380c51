"""The parameters of a run: config.yaml and overrides of it, validated once."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)

from covid_xray.errors import SettingsError
from covid_xray.settings.occlusion import ALL_NETWORKS, of_networks
from covid_xray.settings.own_network import OwnNetwork, check_names
from covid_xray.settings.strict_yaml import StrictYamlError, read_yaml
from covid_xray.settings.wording import problem_of, shown, suggestion

# Strict: neither a truth value nor text is taken for a number. Spark counts rows in 32 bits.
Whole = Annotated[int, Field(strict=True, le=2**31 - 1)]
Number = Annotated[float, Field(strict=True)]
Classes = Annotated[tuple[str, ...], Field(min_length=2)]

# They become part of file names and of names of models.
_TASK = re.compile(r"[\w-]{1,100}")
_NO_FOLDER_NAME = re.compile(r"[/\x00-\x1f\x7f]|^$|^\.")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Execution(_Section):
    """How the work is divided; none of these parameters changes a result."""

    chunk_images: Annotated[Whole, Field(ge=1)]
    task_images: Annotated[Whole, Field(ge=1)]
    batch_size: Annotated[Whole, Field(ge=1)]
    threads: Annotated[Whole, Field(ge=1)]
    local_backbones: Annotated[Whole, Field(ge=1)] | Literal["auto"]


class PatientGrouped(_Section):
    """The protocol `patient_grouped`: all images of a patient are in the same fold."""

    folds: Annotated[Whole, Field(ge=2)]
    repeats: Annotated[Whole, Field(ge=0)]


class Settings(_Section):
    """The parameters of config.yaml, which documents each of them."""

    tasks: Annotated[dict[str, Classes], Field(min_length=1)]
    # Stored runs of earlier versions lack what has a default.
    networks: Annotated[dict[str, OwnNetwork], AfterValidator(check_names)] = Field({})
    limit_per_class: Annotated[Whole, Field(ge=2)] | None
    test_fraction: Annotated[Number, Field(gt=0, lt=1)]
    repeats: Annotated[Whole, Field(ge=1)]
    patient_grouped: PatientGrouped
    seed: Annotated[Whole, Field(ge=0)]
    bootstrap_resamples: Annotated[Whole, Field(ge=100)]
    # An occlusion stands here in the settings of `with_occlusion` alone, which nobody validates.
    preprocessing: Literal["plain", "lungs"]
    pooling: Literal["published", "none", "avg", "max"]
    scale_hint: Literal[
        "SCALE_AREA_AVERAGING", "SCALE_DEFAULT", "SCALE_FAST", "SCALE_REPLICATE", "SCALE_SMOOTH"
    ]
    reg_param: Annotated[Number, Field(gt=0)]
    solver: Literal["auto", "row_space", "batched"] = "auto"
    balance: Literal["none", "source_class"] = "none"
    precision: Literal["float32", "bfloat16"] = "float32"
    dimensionality: Annotated[Whole, Field(ge=1)] | None = None
    occlusion: Annotated[dict[str, tuple[str, ...]], BeforeValidator(of_networks)] = Field({})
    champion: Literal["checked", "any"] = "checked"
    carry_weights: bool = False
    near_duplicates: Literal["left_out", "kept"] = "left_out"
    execution: Execution

    @field_validator("tasks")
    @classmethod
    def _names_can_be_used(cls, tasks: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        # Names of models are in lower case.
        if len({name.lower() for name in tasks}) < len(tasks):
            raise ValueError("two tasks have names that differ only by case")
        for task, classes in tasks.items():
            if not _TASK.fullmatch(task):
                raise ValueError(f"the name of the task {task!r} must consist of letters, digits, - and _")
            for name in classes:
                if _NO_FOLDER_NAME.search(name):
                    raise ValueError(
                        f"the class {name!r} of task {task} cannot be the name of a class folder"
                    )
            if len({unicodedata.normalize("NFC", name) for name in classes}) < len(classes):
                raise ValueError(f"task {task} lists a class twice")
        return tasks

    @property
    def classes(self) -> tuple[str, ...]:
        """All class folders that any task uses, in the order of config.yaml."""
        return tuple(dict.fromkeys(name for names in self.tasks.values() for name in names))

    def weights_source(self, weights: str, backbone: str) -> str:
        """Return where the weights of a network come from: its own file, or else `weights`."""
        own = self.networks.get(backbone)
        return weights if own is None else str(own.file)

    def occlusions_of(self, backbone: str) -> tuple[str, ...]:
        """Return which parts of the pictures are hidden from a network in turn, names of `OCCLUSIONS`."""
        names = (*self.occlusion.get(ALL_NETWORKS, ()), *self.occlusion.get(backbone, ()))
        return tuple(dict.fromkeys(names))

    def with_occlusion(self, name: str) -> Settings:
        """Return the settings with an occlusion in place of the preprocessing."""
        return self.model_copy(update={"preprocessing": name})

    @property
    def is_balanced(self) -> bool:
        """Whether the groups of images of one class and one source weigh equally in each fit."""
        return self.balance == "source_class"

    def result_parameters(self) -> str:
        """JSON of the parameters that a run's results depend on, equal for equal values."""
        others = {"execution", "near_duplicates"}
        return json.dumps(self.model_dump(mode="json", exclude=others), sort_keys=True)


def load_settings(config: Path, changes: Mapping[str, Any] | None = None) -> Settings:
    """Read `config` and apply `changes` (dotted keys, e.g. `execution.threads`).

    Raises
    ------
    SettingsError
        If the file cannot be read, or a key is unknown, missing, out of range or given twice; the message
        names it on one line.
    """
    values, given = _read(config), changes or {}
    valid_keys = {*_field_names(Settings), *_dotted_keys(values)}
    _refuse_overlaps(given)
    for key, value in given.items():
        if key not in valid_keys:
            raise SettingsError(
                f"unknown setting {key!r}{suggestion(key, valid_keys)}; {config.name} lists all settings"
            )
        _assign(values, key, value)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        source = f"{config.name} or --set"
        raise SettingsError(problem_of(error, Settings, source, _field_names(Settings))) from None
    folder = config.resolve().parent
    resolved = {name: network.resolved_in(folder) for name, network in settings.networks.items()}
    return settings.model_copy(update={"networks": resolved})


def parse_changes(pairs: list[str]) -> dict[str, Any]:
    """Parse `KEY=VALUE` arguments; values are YAML, so `60`, `null` and `[a, b]` work.

    Raises
    ------
    SettingsError
        If an argument is no pair, its value is not YAML, or a key is given twice.
    """
    changes: dict[str, Any] = {}
    for pair in pairs:
        key, _, text = (part.strip() for part in pair.partition("="))
        if not key or not text:
            raise SettingsError(f"--set {shown(pair)}: write it as KEY=VALUE, e.g. --set limit_per_class=60")
        if key in changes:
            raise SettingsError(f"--set {shown(pair)}: {key} is given twice; give it once")
        try:
            changes[key] = read_yaml(text)
        except StrictYamlError as error:
            raise SettingsError(f"--set {shown(pair)}: the value is not valid YAML: {error}") from None
    return changes


def _read(config: Path) -> dict[str, Any]:
    try:
        # Editors on Windows begin a file with a mark of its byte order.
        values = read_yaml(config.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"cannot read the settings file {config}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{config} is not UTF-8 (byte {error.start + 1}): save it as UTF-8") from None
    except StrictYamlError as error:
        raise SettingsError(f"{config} is not valid YAML: {error}") from None
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


def _refuse_overlaps(keys: Iterable[str]) -> None:
    for key in keys:
        within = next((other for other in keys if other.startswith(f"{key}.")), None)
        if within is not None:
            raise SettingsError(f"both {key!r} and {within!r} are set: give one of them")


def _assign(values: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        if not isinstance(values.setdefault(parent, {}), dict):
            # Whatever it is, it is the file's, and its validation says so.
            return
        values = values[parent]
    values[last] = value
