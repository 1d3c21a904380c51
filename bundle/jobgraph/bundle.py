"""Read a bundle: databricks.yml, the files it includes, and the variables of one target."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from jobgraph.errors import JobGraphError


@dataclass(frozen=True)
class Resource:
    """One resource as written in YAML: `spec` has unresolved references and paths relative to `file`."""

    kind: str
    key: str
    spec: Mapping[str, Any]
    file: Path


@dataclass(frozen=True)
class Bundle:
    """A bundle as one target sees it.

    `settings` is databricks.yml without resources, variables and targets, overlaid with those of the target.
    `variables` leaves out those with a `lookup`, whose values only a deployment knows.
    """

    file: Path
    target: str | None
    settings: Mapping[str, Any]
    variables: Mapping[str, Any]
    resources: tuple[Resource, ...]

    def resource(self, kind: str, key: str) -> Resource:
        """Return one resource.

        Raises
        ------
        JobGraphError
            If there is none of this kind with this key; the message lists the existing keys.
        """
        of_kind = {resource.key: resource for resource in self.resources if resource.kind == kind}
        if key not in of_kind:
            keys = ", ".join(of_kind) or "(none)"
            raise JobGraphError(f"{self.file}: no {key!r} in {kind}; choose one of: {keys}")
        return of_kind[key]


def read_bundle(bundle_file: Path, target: str | None = None) -> Bundle:
    """Read databricks.yml and what it includes.

    Without a `target` the variables keep their own defaults, as a run outside a workspace needs them: targets
    describe the differences between deployments.

    Raises
    ------
    JobGraphError
        If a file is missing or not YAML, a key is used twice, the target is unknown, or a setting is in a
        place that this reader does not support.
    """
    document = _read_yaml(bundle_file)
    chosen = _select_target(document, target, bundle_file)
    settings = {k: v for k, v in document.items() if k not in {"resources", "variables", "targets"}}
    overlay = {k: v for k, v in chosen.items() if k != "variables"}
    resources = tuple(_resources(document, bundle_file))
    _check_unique_keys(resources)
    return Bundle(
        file=bundle_file,
        target=target,
        settings={**settings, **overlay},
        variables=_variables(document, chosen, bundle_file),
        resources=resources,
    )


def target_names(bundle_file: Path) -> tuple[str, ...]:
    """Return the targets of a bundle in the order of databricks.yml."""
    return tuple(_section(_read_yaml(bundle_file), "targets", bundle_file))


def _select_target(document: Mapping[str, Any], target: str | None, file: Path) -> Mapping[str, Any]:
    if target is None:
        return {}
    targets = _section(document, "targets", file)
    if target not in targets:
        names = ", ".join(targets) or "(none)"
        raise JobGraphError(f"{file}: unknown target {target!r}; choose one of: {names}")
    chosen = _section(targets, target, file)
    if "resources" in chosen:
        raise JobGraphError(
            f"{file}: target {target!r} overrides resources, which is not supported; use a variable instead"
        )
    return chosen


def _variables(document: Mapping[str, Any], chosen: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """Return the values of a target's variables, without those that a deployment looks up."""
    declared = _section(document, "variables", file)
    values = {
        name: spec["default"]
        for name, spec in declared.items()
        if isinstance(spec, dict) and "default" in spec and "lookup" not in spec
    }
    for name, value in _section(chosen, "variables", file).items():
        if name not in declared:
            raise JobGraphError(f"{file}: a target sets the undeclared variable {name!r}; declare it")
        if isinstance(value, dict) and "lookup" in value:
            values.pop(name, None)
        else:
            values[name] = value["default"] if isinstance(value, dict) and "default" in value else value
    return values


def _resources(document: Mapping[str, Any], bundle_file: Path) -> Iterator[Resource]:
    yield from _resources_in(document, bundle_file)
    for file in _included_files(document, bundle_file):
        included = _read_yaml(file)
        others = sorted(set(included) - {"resources"})
        if others:
            raise JobGraphError(f"{file}: has {others[0]!r} next to resources; move it to {bundle_file.name}")
        yield from _resources_in(included, file)


def _included_files(document: Mapping[str, Any], bundle_file: Path) -> Iterator[Path]:
    for pattern in document.get("include") or []:
        files = sorted(bundle_file.parent.glob(pattern))
        if not files:
            raise JobGraphError(f"{bundle_file}: include {pattern!r} matches no file")
        yield from files


def _resources_in(document: Mapping[str, Any], file: Path) -> Iterator[Resource]:
    by_kind = _section(document, "resources", file)
    for kind in by_kind:
        by_key = _section(by_kind, kind, file)
        for key in by_key:
            yield Resource(kind, key, _section(by_key, key, file), file)


def _check_unique_keys(resources: tuple[Resource, ...]) -> None:
    first: dict[str, Resource] = {}
    for resource in resources:
        other = first.setdefault(resource.key, resource)
        if other is not resource:
            raise JobGraphError(
                f"{resource.file}: the key {resource.key!r} is already used in {other.file.name};"
                " keys must be unique across all kinds of resources"
            )


class _Loader(yaml.SafeLoader):
    """A loader that rejects duplicate keys; PyYAML's own keeps the last value silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"duplicate key {key.value!r}", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _section(document: Mapping[str, Any], name: str, file: Path) -> Mapping[str, Any]:
    value = document.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise JobGraphError(f"{file}: {name} is {value!r}; it must be a mapping")
    return value


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506
    except OSError as error:
        raise JobGraphError(f"cannot read {file}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise JobGraphError(f"{file} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict):
        raise JobGraphError(f"{file}: must be a YAML mapping")
    return document
