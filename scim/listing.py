"""Index paging and the list message (RFC 7644 sections 3.4.2 and 3.4.2.4)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from scim import urns
from scim.errors import InvalidValue
from scim.exchange import Limits

_INTEGER: Final = re.compile(r"([+-]?)([0-9]++)")
_LARGEST: Final = 2**31 - 1
_LARGEST_DIGITS: Final = 10


def read_paging(query: Mapping[str, str], limits: Limits) -> tuple[int, int]:
    """Return `startIndex` and `count` of a request: from 1 on, and from 0 to `limits.page_maximum`.

    A start below 1 is 1, a negative count is 0; missing or empty parameters take their defaults; what is too large is
    cut. Raises `InvalidValue` for what is no integer: a client that sends it would misread the answer.
    """
    start_index = _integer(query, "startIndex", 1)
    count = _integer(query, "count", limits.page_default)
    return max(start_index, 1), min(max(count, 0), limits.page_maximum)


def list_response(resources: Sequence[Mapping[str, Any]], total: int, start_index: int = 1) -> dict[str, Any]:
    """Return the list message. `itemsPerPage` is the number of resources in it."""
    return {
        "schemas": [urns.LIST_RESPONSE],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": len(resources),
        "Resources": list(resources),
    }


def _integer(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "").strip()
    if not text:
        return default
    match = _INTEGER.fullmatch(text)
    if match is None:
        raise InvalidValue(f"{name}: expected an integer.")
    sign, digits = match[1], match[2].lstrip("0")
    size = _LARGEST if len(digits) > _LARGEST_DIGITS else min(int(digits or "0"), _LARGEST)
    return -size if sign == "-" else size
