"""Where scim2-models and we may differ over a PATCH: each kind is a trait of one operation.

A request of which no operation has a trait must come out alike on both sides.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from scim.core_schemas import RESOURCE_TYPES
from tests.differential.generator import BINARIES, EMPTY, REFERENCES, WRONG

Trait = Callable[[Mapping[str, Any], Mapping[str, Any]], bool]
"""Takes an operation, and the resource before the request."""

_LISTS: Final = frozenset(one.name for kind in RESOURCE_TYPES for one in kind.schema.attributes if one.multi_valued)
_SELECTING: Final = re.compile(r"(\w+)\[(\w+) (?:eq|ne|pr) ?(.*)\](?:\.(\w+))?")
_READ_ONLY: Final = frozenset({"id", "meta", "groups"})


def _path(operation: Mapping[str, Any]) -> str:
    return str(operation.get("path", ""))


def _given(operation: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the operation gives, by the path that it is given to."""
    if "path" not in operation:
        return dict(operation["value"])
    return {_path(operation): operation["value"]} if "value" in operation else {}


def _below_members(operation: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
    takes_whole = operation["op"] == "remove" and _path(operation).endswith("]")
    return bool(re.match(r"members[.\[]", _path(operation))) and not takes_whole


def _removes_selected(operation: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
    return operation["op"] == "remove" and "[" in _path(operation)


def _removes_listed(operation: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
    return operation["op"] == "remove" and "value" in operation


def _read_only_without_path(operation: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
    return "path" not in operation and not _READ_ONLY.isdisjoint(operation["value"])


def _contradicts_its_filter(operation: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
    selecting = _SELECTING.fullmatch(_path(operation))
    if selecting is None or operation["op"] == "remove":
        return False
    compared, part = selecting[2], selecting[4]
    return compared == part or (
        part is None and isinstance(operation["value"], dict) and compared in operation["value"]
    )


def _literal_of_a_reference(operation: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
    selecting = _SELECTING.fullmatch(_path(operation))
    if selecting is None or selecting[1] not in {"photos", "x509Certificates"} or selecting[2] != "value":
        return False
    return bool(selecting[3]) and json.loads(selecting[3]) not in (*REFERENCES, *BINARIES)


def _empty(operation: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
    return any(value in EMPTY for value in _given(operation).values())


def _of_another_type(operation: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
    return any(type(value) is type(one) and value == one for value in _given(operation).values() for one in WRONG)


def _part_of_all(operation: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
    head, dot, _part = _path(operation).partition(".")
    return operation["op"] != "remove" and bool(dot) and head in _LISTS


def _same_value_again(operation: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    if operation["op"] != "add":
        return False
    lists = ((path, value) for path, value in _given(operation).items() if path in _LISTS and isinstance(value, list))
    together = ([*_identities(path, before.get(path, [])), *_identities(path, value)] for path, value in lists)
    return any(len(set(all_of)) < len(all_of) for all_of in together)


def _identities(path: str, values: list[Any]) -> Iterator[str]:
    for value in values:
        if path == "members" and isinstance(value, dict):
            yield str(value.get("value"))
        elif isinstance(value, dict) and "value" in value:
            yield json.dumps([value["value"], value.get("type")])
        else:
            yield json.dumps(value, sort_keys=True)


def _replaces_selected(operation: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
    return operation["op"] == "replace" and _path(operation).endswith("]")


KINDS: Final[Mapping[str, Trait]] = {
    "a path below members": _below_members,
    "a removal of selected values": _removes_selected,
    "a removal with a value": _removes_listed,
    "read-only attributes without a path": _read_only_without_path,
    "a value that contradicts its filter": _contradicts_its_filter,
    "a literal for a reference or binary": _literal_of_a_reference,
    "an empty value": _empty,
    "a value of another type": _of_another_type,
    "a part of all values": _part_of_all,
    "the same value again": _same_value_again,
    "a replacement of selected values": _replaces_selected,
}
