"""What a client may ask of a list, paging by index, and the list message (RFC 7644 sections 3.4.2 to 3.4.3)."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from scim import urns
from scim.errors import InvalidCount, InvalidSyntax, InvalidValue, ScimError
from scim.exchange import Limits

_INTEGER: Final = re.compile(r"([+-]?)([0-9]++)")
_LARGEST: Final = 2**31 - 1
_LARGEST_DIGITS: Final = 10
_START: Final = "startIndex"
_CURSOR: Final = "cursor"


def read_paging(parameters: Mapping[str, str], limits: Limits) -> tuple[int, int]:
    """Return `startIndex` and `count` of a request: from 1 on, and from 0 to `limits.page_maximum`.

    A start below 1 is 1, a negative count is 0; missing or empty parameters take their defaults; what is too large is
    cut. Raises `InvalidValue` for what is no integer: a client that sends it would misread the answer.
    """
    start_index = _integer(parameters, _START, 1)
    count = _integer(parameters, "count", limits.page_default)
    return max(start_index, 1), min(max(count, 0), limits.page_maximum)


def asks_for_cursor(parameters: Mapping[str, str]) -> bool:
    """Return whether a request pages by cursor: it names one, be it empty (RFC 9865 section 2).

    Raises `InvalidValue` when it names `startIndex` too: it must say which of the two methods it means.
    """
    if _CURSOR not in parameters:
        return False
    if parameters.get(_START, "").strip():
        raise InvalidValue("cursor and startIndex are two ways to page: send one of them.")
    return True


def read_count(parameters: Mapping[str, str], limits: Limits) -> int:
    """Return the size of a page in a walk by cursor, from 0 to `limits.page_maximum`.

    Raises `InvalidCount` for what is too large or no integer: all pages of a walk have one size (RFC 9865 section 2.1).
    """
    count = _integer(parameters, "count", min(limits.page_default, limits.page_maximum), InvalidCount)
    if count > limits.page_maximum:
        raise InvalidCount(f"count: at most {limits.page_maximum} with a cursor.")
    return max(count, 0)


def read_search(body: Mapping[str, Any]) -> dict[str, str]:
    """Return what a SearchRequest asks for, as the parameters of a query would (RFC 7644 section 3.4.3).

    Names are taken in any case, null is absent, and what is unknown is ignored, `schemas` with it. Raises
    `InvalidValue` for a value of another type, and `InvalidSyntax` for a name that is given twice.
    """
    parameters: dict[str, str] = {}
    for given, value in body.items():
        name = _NAMES.get(given.lower())
        if name is None or value is None:
            continue
        if name in parameters:
            raise InvalidSyntax(f"{name}: given twice, with names that differ in case.")
        parameters[name] = _READERS[name](name, value)
    return parameters


def list_response(resources: Sequence[Mapping[str, Any]], total: int, start_index: int = 1) -> dict[str, Any]:
    """Return the list message. `itemsPerPage` is the number of resources in it."""
    return {
        "schemas": [urns.LIST_RESPONSE],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": len(resources),
        "Resources": list(resources),
    }


def cursor_response(
    resources: Sequence[Mapping[str, Any]], total: int, following: str | None, preceding: str | None
) -> dict[str, Any]:
    """Return the list message of a walk by cursor (RFC 9865 section 2). No `nextCursor` says that this is the end."""
    cursors = {"previousCursor": preceding, "nextCursor": following}
    return {
        "schemas": [urns.LIST_RESPONSE],
        "totalResults": total,
        "itemsPerPage": len(resources),
        **{name: cursor for name, cursor in cursors.items() if cursor is not None},
        "Resources": list(resources),
    }


def _integer(
    parameters: Mapping[str, str], name: str, default: int, refusal: Callable[[str], ScimError] = InvalidValue
) -> int:
    text = parameters.get(name, "").strip()
    if not text:
        return default
    match = _INTEGER.fullmatch(text)
    if match is None:
        raise refusal(f"{name}: expected an integer.")
    sign, digits = match[1], match[2].lstrip("0")
    size = _LARGEST if len(digits) > _LARGEST_DIGITS else min(int(digits or "0"), _LARGEST)
    return -size if sign == "-" else size


def _as_text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidValue(f"{name}: expected a string.")
    return value


def _as_number(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise InvalidValue(f"{name}: expected an integer.")
    return str(value)


def _as_names(name: str, value: Any) -> str:
    names = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in names):
        raise InvalidValue(f"{name}: expected a list of attribute names.")
    return ",".join(names)


_READERS: Final[Mapping[str, Callable[[str, Any], str]]] = {
    "attributes": _as_names,
    "excludedAttributes": _as_names,
    "filter": _as_text,
    "sortBy": _as_text,
    "sortOrder": _as_text,
    _START: _as_number,
    "count": _as_number,
    _CURSOR: _as_text,
}
_NAMES: Final = {name.lower(): name for name in _READERS}
