"""Values of attributes: what a client sends -> the canonical form that documents hold (RFC 7643 section 2).

Driven by the table of characteristics alone. Absent, here and in documents, is None: null, an empty string, an empty
list and an object in which nothing is left are all "no value" (RFC 7643 section 2.5; Okta pushes them). No message
repeats a value: it may be private.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from scim.errors import InvalidSyntax, InvalidValue
from scim.resource import Member, parse_timestamp, timestamp
from scim.schema import Attribute, Mutability, Type, Uniqueness
from scim.tolerance import Leniency, Tolerance

KEY_BYTES: Final = 1024
"""Longest text, in UTF-8, of what resources are found by: it fits the index of any database."""

TEXT_BYTES: Final = 8192
"""Longest text of any other value."""

MAXIMUM_VALUES: Final = 1000
"""Most values of one multi-valued attribute. Members of a group are no part of this."""

_KEYS: Final = frozenset({"externalId", "displayName", "value"})
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_DECEPTIVE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_\s-]*={0,2}\s*", re.ASCII)
_BOOLEANS: Final = {"true": True, "false": False}

Find = Callable[[str], Attribute | None]


def canonical(attribute: Attribute, value: Any, where: str, tolerance: Tolerance) -> Any:
    """Return the canonical value of an attribute, or None when it is absent.

    `where` is the path for messages. Raises `InvalidValue` for a value of another type, and for what the client is not
    forgiven.
    """
    if attribute.multi_valued:
        return canonical_values(attribute, value, where, tolerance) or None
    return canonical_value(attribute, value, where, tolerance)


def canonical_values(attribute: Attribute, value: Any, where: str, tolerance: Tolerance) -> list[Any]:
    """Return the canonical values of a multi-valued attribute. A single value is taken for a list of one."""
    items = value if isinstance(value, list) else _list_of_one(value, where, tolerance)
    if len(items) > MAXIMUM_VALUES:
        raise InvalidValue(f"{where}: at most {MAXIMUM_VALUES} values, got {len(items)}.")
    values = (canonical_value(attribute, item, where, tolerance) for item in items)
    found = [value for value in values if value is not None]
    single = one_primary(found)
    if single is not found:
        tolerance.forgive(Leniency.SEVERAL_PRIMARY, InvalidValue, f"{where}: one value at most is primary.")
    return single


def _list_of_one(value: Any, where: str, tolerance: Tolerance) -> list[Any]:
    if value is not None:
        tolerance.forgive(Leniency.ONE_FOR_LIST, InvalidValue, f"{where}: expected a list.")
    return [value]


def canonical_value(attribute: Attribute, value: Any, where: str, tolerance: Tolerance) -> Any:
    """Return one canonical value of an attribute, or None when it is absent."""
    if value is None:
        return None
    if value == "":
        tolerance.forgive(Leniency.EMPTY_AS_ABSENT, InvalidValue, f"{where}: expected a value, or null.")
        return None
    return None if value == [] else _READERS[attribute.type](attribute, value, where, tolerance)


def canonical_parts(find: Find, parts: Any, where: str, tolerance: Tolerance) -> dict[str, Any]:
    """Return what an object assigns: canonical name -> canonical value, or None for what it leaves without a value.

    `find` looks names up. Names are taken in any case (RFC 7643 section 2.1); what the schema does not have, and what
    clients cannot write or the service provider does not keep, is left out.
    """
    if not isinstance(parts, dict):
        raise _mismatch(where.rstrip(".:"), "an object", parts)
    assigned: dict[str, Any] = {}
    for name, value in parts.items():
        attribute = find(name)
        if attribute is None:
            unknown(where, tolerance)
        if attribute is None or not is_kept(attribute):
            continue
        if attribute.name in assigned:
            raise InvalidValue(f"{where}{attribute.name}: given twice, with names that differ in case.")
        assigned[attribute.name] = canonical(attribute, value, f"{where}{attribute.name}", tolerance)
    return assigned


def unknown(where: str, tolerance: Tolerance) -> None:
    """Leave out what the schema does not have. Raises `InvalidSyntax` where the client is not forgiven that."""
    what = f"{where.rstrip('.:')}: has a part" if where else "The body has an attribute"
    tolerance.forgive(Leniency.UNKNOWN_ATTRIBUTES, InvalidSyntax, f"{what} that the schema does not have.")


def is_kept(attribute: Attribute) -> bool:
    """Return whether a client's value is kept: not what is read-only, and not what is write-only.

    A password, and the like of an operator's own, is of no use: nobody signs in here, and nobody reads it again.
    """
    return attribute.mutability is not Mutability.READ_ONLY and attribute.mutability is not Mutability.WRITE_ONLY


def present(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts that have a value."""
    return {name: value for name, value in parts.items() if value is not None}


def complex_parts(attribute: Attribute, value: Any, where: str, tolerance: Tolerance) -> dict[str, Any]:
    """Return what a value of a complex attribute assigns to its parts.

    Text stands for the sub-attribute `value`, where there is one: identity providers send a manager or a role so.
    """
    if isinstance(value, str) and attribute.sub_attribute("value"):
        leniency = Leniency.MANAGER_AS_TEXT if attribute.name == "manager" else Leniency.TEXT_FOR_COMPLEX
        tolerance.forgive(leniency, InvalidValue, f"{where}: expected an object with a value.")
        value = {"value": value}
    return canonical_parts(attribute.sub_attribute, value, f"{where}.", tolerance)


def one_primary(values: list[Any], chosen: Iterable[int] = ()) -> list[Any]:
    """Return the values with one primary at most (RFC 7643 section 2.4): the others become false.

    The last one of the `chosen` positions that is primary stays, else the first one of all.
    """
    primary = {index for index, value in enumerate(values) if isinstance(value, Mapping) and value.get("primary")}
    if len(primary) <= 1:
        return values
    stays = max(primary.intersection(chosen), default=min(primary))
    return [
        {**value, "primary": False} if index != stays and index in primary else value
        for index, value in enumerate(values)
    ]


def read_members(value: Any, tolerance: Tolerance) -> tuple[Member, ...]:
    """Return the members that a client names, each once. Raises `InvalidValue` for one without an id.

    A member is an object with a `value`, or the id alone. The last one of the same id counts. `type` is left to the
    store, which knows what the id belongs to.
    """
    if value == "":
        tolerance.forgive(Leniency.EMPTY_AS_ABSENT, InvalidValue, "members: expected a list, or null.")
    if value is None or value == "":
        return ()
    items: Sequence[Any] = value if isinstance(value, list) else _list_of_one(value, "members", tolerance)
    return tuple({member.value: member for member in (_member(item, tolerance) for item in items)}.values())


def _member(item: Any, tolerance: Tolerance) -> Member:
    if isinstance(item, str):
        tolerance.forgive(Leniency.TEXT_FOR_COMPLEX, InvalidValue, "members: expected objects with a value.")
    parts = {"value": item} if isinstance(item, str) else item
    if not isinstance(parts, dict):
        raise _mismatch("members", "an object with a value", item)
    parts = {name.lower(): part for name, part in parts.items()}
    identifier = canonical_value(_MEMBER_ID, parts.get("value"), "members.value", tolerance)
    if identifier is None:
        raise InvalidValue("members.value: each member needs the id of a resource.")
    display = parts.get("display") or parts.get("displayname")
    return Member(identifier, canonical_value(_MEMBER_DISPLAY, display, "members.display", tolerance))


def _text(attribute: Attribute, value: Any, where: str, _tolerance: Tolerance) -> str:
    if not isinstance(value, str):
        raise _mismatch(where, "a string", value)
    if len(value) <= KEY_BYTES and value.isascii() and value.isprintable():
        return value
    is_key = _is_key(attribute) or attribute.name in _KEYS
    return _checked(attribute, value, where, KEY_BYTES if is_key else TEXT_BYTES)


def _long_text(attribute: Attribute, value: Any, where: str, _tolerance: Tolerance) -> str:
    if not isinstance(value, str):
        raise _mismatch(where, "a string", value)
    return _checked(attribute, value, where, KEY_BYTES if _is_key(attribute) else TEXT_BYTES)


def _is_key(attribute: Attribute) -> bool:
    return attribute.indexed or attribute.uniqueness is not Uniqueness.NONE


def _checked(attribute: Attribute, value: str, where: str, limit: int) -> str:
    if len(value) > limit or len(value.encode()) > limit:
        raise InvalidValue(f"{where}: at most {limit} bytes.")
    if (_CONTROL if attribute.uniqueness is Uniqueness.NONE else _DECEPTIVE).search(value):
        raise InvalidValue(f"{where}: contains control characters.")
    return value


def _binary(attribute: Attribute, value: Any, where: str, tolerance: Tolerance) -> str:
    text = _long_text(attribute, value, where, tolerance)
    if not _BASE64.fullmatch(text):
        raise InvalidValue(f"{where}: expected base64 (RFC 7643 section 2.3.6).")
    return text


def _boolean(_: Attribute, value: Any, where: str, tolerance: Tolerance) -> bool:
    if isinstance(value, bool):
        return value
    read = _BOOLEANS.get(value.lower()) if isinstance(value, str) else None
    if read is None:
        raise _mismatch(where, "true or false", value)
    tolerance.forgive(Leniency.BOOLEAN_AS_TEXT, InvalidValue, f"{where}: expected true or false, got text.")
    return read


def _integer(_: Attribute, value: Any, where: str, _tolerance: Tolerance) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _mismatch(where, "an integer", value)
    return value


def _decimal(_: Attribute, value: Any, where: str, _tolerance: Tolerance) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _mismatch(where, "a number", value)
    return value


def _date_time(_: Attribute, value: Any, where: str, _tolerance: Tolerance) -> str:
    moment = parse_timestamp(value) if isinstance(value, str) else None
    if moment is None:
        raise _mismatch(where, "a date and time such as 2026-01-31T12:00:00Z", value)
    return timestamp(moment)


def _complex(attribute: Attribute, value: Any, where: str, tolerance: Tolerance) -> dict[str, Any] | None:
    parts = present(complex_parts(attribute, value, where, tolerance))
    if not parts:
        tolerance.forgive(Leniency.EMPTY_AS_ABSENT, InvalidValue, f"{where}: has no value in it.")
    return parts or None


def _mismatch(where: str, expected: str, value: Any) -> InvalidValue:
    return InvalidValue(f"{where}: expected {expected}, got {_KINDS.get(type(value), 'something else')}.")


_READERS: Final[Mapping[Type, Callable[[Attribute, Any, str, Tolerance], Any]]] = {
    Type.STRING: _text,
    Type.BOOLEAN: _boolean,
    Type.DECIMAL: _decimal,
    Type.INTEGER: _integer,
    Type.DATE_TIME: _date_time,
    Type.REFERENCE: _long_text,
    Type.BINARY: _binary,
    Type.COMPLEX: _complex,
}
_KINDS: Final = {
    str: "other text",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
    type(None): "null",
}
_MEMBER_ID: Final = Attribute(name="value", uniqueness=Uniqueness.SERVER)
_MEMBER_DISPLAY: Final = Attribute(name="display")
