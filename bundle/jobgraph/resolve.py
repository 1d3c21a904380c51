"""Replace the `${...}` references of a bundle by their values.

https://docs.databricks.com/aws/en/dev-tools/bundles/variables
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobgraph.bundle import Bundle
from jobgraph.errors import JobGraphError

_REFERENCE = re.compile(r"\$\{([^${}]+)\}")
_MISSING = object()


@dataclass(frozen=True)
class Scope:
    """The values that references can have: the bundle, and `context` for those that only a deployment knows.

    `context` maps a whole reference, e.g. `workspace.file_path`, to its value, and takes precedence.
    """

    tree: Mapping[str, Any]
    context: Mapping[str, str]

    def lookup(self, name: str) -> Any:
        """Return the unresolved value of a reference, or `_MISSING`."""
        if name in self.context:
            return self.context[name]
        value: Any = self.tree
        for part in name.split("."):
            if not isinstance(value, Mapping) or part not in value:
                return _MISSING
            value = value[part]
        return value


def scope_of(bundle: Bundle, context: Mapping[str, str]) -> Scope:
    """Return the scope of a bundle's references."""
    resources: dict[str, dict[str, Any]] = {}
    for resource in bundle.resources:
        resources.setdefault(resource.kind, {})[resource.key] = resource.spec
    about = {**bundle.settings.get("bundle", {})}
    if bundle.target is not None:
        about["target"] = bundle.target
    workspace = bundle.settings.get("workspace", {})
    tree = {"bundle": about, "var": bundle.variables, "workspace": workspace, "resources": resources}
    return Scope(tree, context)


def resolve(value: Any, where: str, scope: Scope) -> Any:
    """Resolve every reference in `value`, recursively.

    Raises
    ------
    JobGraphError
        If a reference has no value; `where` is the location in the message.
    """
    problems: list[str] = []
    resolved = _expand(value, where, scope, (), problems)
    if problems:
        raise JobGraphError(problems[0])
    return resolved


def problems_in(value: Any, where: str, scope: Scope) -> list[str]:
    """Return one line for every reference in `value` that cannot be resolved."""
    problems: list[str] = []
    _expand(value, where, scope, (), problems)
    return problems


def _expand(value: Any, where: str, scope: Scope, trail: tuple[str, ...], problems: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {k: _expand(v, f"{where}.{k}", scope, trail, problems) for k, v in value.items()}
    if isinstance(value, list):
        return [_expand(v, f"{where}[{i}]", scope, trail, problems) for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _value_of(whole[1], where, scope, trail, problems)
    return _REFERENCE.sub(lambda match: _string_of(match[1], where, scope, trail, problems), value)


def _value_of(name: str, where: str, scope: Scope, trail: tuple[str, ...], problems: list[str]) -> Any:
    if name in trail:
        problems.append(f"{where}: ${{{name}}} refers to itself: {' -> '.join((*trail, name))}")
        return None
    value = scope.lookup(name)
    if value is _MISSING:
        problems.append(f"{where}: ${{{name}}} has no value; {_hint(name)}")
        return None
    return _expand(value, where, scope, (*trail, name), problems)


def _string_of(name: str, where: str, scope: Scope, trail: tuple[str, ...], problems: list[str]) -> str:
    before = len(problems)
    value = _value_of(name, where, scope, trail, problems)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    if len(problems) == before:
        problems.append(f"{where}: ${{{name}}} is not a string; it cannot be part of one")
    return ""


def _hint(name: str) -> str:
    kind, _, rest = name.partition(".")
    if kind == "var":
        return (
            f"give the variable {rest!r} a default in databricks.yml or, if a deployment looks it up, "
            "pass it in the context"
        )
    if kind == "resources":
        return "refer to an existing resource and field"
    return "only a deployment knows it, so pass it in the context"
