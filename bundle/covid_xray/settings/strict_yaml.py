"""YAML in which nothing is taken for something else: https://yaml.org/spec/1.2.2/ without its shorthands.

PyYAML follows YAML 1.1, where `yes` is a truth value, `010` is eight, `1:30` is ninety and `1e-3` is text,
and where a key given twice keeps its last value.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

# Settings are nested three deep.
_DEEPEST = 10
_WHOLE = "(?:0|[1-9][0-9]{0,17})"
# In this order: a whole number would also be a fraction. Longer numbers stay text, which no setting takes.
_PLAIN = {
    "null": re.compile(r"(?:~|null|Null|NULL|)$"),
    "bool": re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"),
    "int": re.compile(rf"[-+]?{_WHOLE}$"),
    "float": re.compile(rf"[-+]?(?:{_WHOLE}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{{1,3}})?$"),
}


class StrictYamlError(ValueError):
    """Raised for text that is not YAML, or uses what this reader refuses. The message is one line."""


def read_yaml(text: str) -> Any:
    """Return the value of a YAML document; keys are text, whatever they look like.

    Numbers are decimal, without leading zeros or separators; truth values are `true` and `false`; all else
    that has no quotes is text, or null.

    Raises
    ------
    StrictYamlError
        If the text is not YAML, gives a key twice, uses anchors, aliases or tags, or is nested deeper than
        `_DEEPEST`.
    """
    try:
        _refuse_shorthands(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - constructs only what SafeLoader does
    except yaml.YAMLError as error:
        raise StrictYamlError(_one_line(error)) from None


def _refuse_shorthands(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise _refused(event, f"nested more than {_DEEPEST} deep")
        if getattr(event, "anchor", None):
            raise _refused(event, "anchors (&) and aliases (*) are not read: write the value itself")
        if tag := getattr(event, "tag", None):
            raise _refused(event, f"the tag {tag} is not read: write the value itself")


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as PyYAML declares it

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Any, Any]:
        values: dict[Any, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _refused(key, "a key must be text")
            if key.value in values:
                raise _refused(key, f"{key.value!r} is given twice")
            values[key.value] = self.construct_object(value, deep=True)
        return values


for _kind, _pattern in _PLAIN.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", _pattern, None)


def _refused(at: Any, what: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=what, problem_mark=at.start_mark)


def _one_line(error: yaml.YAMLError) -> str:
    problem = getattr(error, "problem", None)
    mark = getattr(error, "problem_mark", None)
    text = " ".join(str(problem or error).split())
    return f"{text} (line {mark.line + 1})" if mark else text
