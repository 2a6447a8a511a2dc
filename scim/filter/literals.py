"""Literals of a filter: from the token to a value of the attribute's type (RFC 7644 section 3.4.2.2, RFC 7159)."""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from scim.filter.syntax import Literal, Operator
from scim.resource import parse_timestamp, timestamp
from scim.schema import Attribute, Type


class BadLiteral(Exception):
    """The token is no literal, or none that the comparison takes. The text goes on after "expected"."""


_EQUALITY: Final = frozenset({Operator.EQUAL, Operator.NOT_EQUAL})
_ORDERING: Final = frozenset({Operator.GREATER, Operator.GREATER_OR_EQUAL, Operator.LESS, Operator.LESS_OR_EQUAL})
_WORDS: Final[Mapping[str, Literal]] = {"true": True, "false": False, "null": None}
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_INTEGER_CHARACTERS: Final = 18
"""Integers of this length fit into 64 bits, as databases have them. Longer ones are doubles (RFC 7159 section 6)."""


def operators_for(kind: Type) -> frozenset[Operator]:
    """Return the operators that compare values of a type: none for a complex one."""
    return _RULES[kind].operators if kind in _RULES else frozenset()


def parse_literal(token: str, attribute: Attribute, operator: Operator) -> Literal:
    """Return the value that `token` stands for, `typed` for the attribute, or None for null.

    `operator` must be one of the type's. The strings "true" and "false" in any case are taken for a boolean, because
    clients send them. Raises `BadLiteral`.
    """
    wanted = _RULES[attribute.type].wanted
    value = _decoded(token)
    if value is None:
        if operator not in _EQUALITY:
            raise BadLiteral(f"{wanted}: null goes with eq and ne only")
        return None
    if attribute.type is Type.BOOLEAN and isinstance(value, str):
        value = _WORDS.get(value.lower())
    converted = typed(attribute.type, value)
    if converted is None:
        raise BadLiteral(f"{wanted} for {attribute.name}")
    return converted


def typed(kind: Type, value: object) -> Literal:
    """Return a value as comparisons take it, or None when it is not of that type. `kind` is not complex.

    A dateTime becomes the UTC text that `scim.resource.timestamp` renders; anything else is returned as it is.
    """
    return _RULES[kind].convert(value)


def _decoded(token: str) -> Literal:
    """Return the JSON value of a token. The words true, false and null may have any case."""
    if token.startswith('"'):
        return _string(token)
    word = token.lower()
    if word in _WORDS:
        return _WORDS[word]
    if _NUMBER.fullmatch(token):
        return _number(token)
    raise BadLiteral("a value: a string in double quotes, a number, true, false or null")


def _string(token: str) -> str:
    if "\\" not in token and token.isprintable() and token.endswith('"', 1):
        return token[1:-1]
    try:
        text: str = json.loads(token)
    except ValueError:
        raise BadLiteral("a string with its closing quote and JSON escapes only") from None
    if _UNSTORABLE.search(text):
        raise BadLiteral("a string without NUL and unpaired surrogates")
    return text


def _number(token: str) -> int | float:
    if len(token) <= _INTEGER_CHARACTERS and token.lstrip("-").isdigit():
        return int(token)
    number = float(token)
    if math.isinf(number):
        raise BadLiteral("a number of a size that JSON can carry")
    return number


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _numeric(value: object) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _moment(value: object) -> str | None:
    moment = parse_timestamp(value) if isinstance(value, str) else None
    return timestamp(moment) if moment else None


class _Rule(NamedTuple):
    """What a type is compared with: by which operators, with which values, and how to ask for those."""

    operators: frozenset[Operator]
    convert: Callable[[object], Literal]
    wanted: str


# RFC 7644 table 3: booleans and binaries have no order. Parts of a base64 text mean nothing.
_TEXT = _Rule(frozenset(Operator), _text, "a string in double quotes")
_ORDERED_NUMBER = _Rule(_EQUALITY | _ORDERING, _numeric, "a number")
_RULES: Final[Mapping[Type, _Rule]] = {
    Type.STRING: _TEXT,
    Type.REFERENCE: _TEXT,
    Type.BINARY: _Rule(_EQUALITY, _text, "a string in double quotes"),
    Type.BOOLEAN: _Rule(_EQUALITY, _boolean, "true or false"),
    Type.DATE_TIME: _Rule(_EQUALITY | _ORDERING, _moment, 'a dateTime such as "2026-05-13T04:42:34Z"'),
    Type.INTEGER: _ORDERED_NUMBER,
    Type.DECIMAL: _ORDERED_NUMBER,
}
