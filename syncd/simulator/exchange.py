"""One HTTP exchange with the simulated org, as values: what came in, what the API says, what goes on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final

Json = dict[str, Any]
Header = tuple[str, str]

JSON_TYPE: Final[Header] = ("Content-Type", "application/json")


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request. `path` is raw and without the query, `query` the last value of each parameter, header names lower."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a listing with its links, as absolute URLs.

    `following` is the next page, None on the last; `again` a next page that holds these very rows once more.
    """

    rows: tuple[Any, ...]
    here: str
    following: str | None
    again: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answers: a payload, or a page of a listing. A payload of None is an empty body."""

    status: int = 200
    payload: Any = None
    page: ListPage | None = None


class Wire(Enum):
    """How a reply is put on the wire."""

    WHOLE = auto()
    DROPPED = auto()
    CUT_SHORT = auto()
    HELD = auto()


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes on the wire: headers in order, the same name more than once where Okta sends it so.

    CUT_SHORT promises the whole body and closes after half of it; DROPPED closes without a byte; HELD says nothing for
    `held_seconds` and closes then.
    """

    status: int
    headers: tuple[Header, ...] = ()
    body: bytes = b""
    wire: Wire = Wire.WHOLE
    held_seconds: float = 0.0
