"""Okta's paging: opaque cursors, limits, and two Link headers (self and next) on each page."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from syncd.simulator.errors import OktaError, invalid
from syncd.simulator.exchange import Header, ListPage
from syncd.simulator.ordered_table import OrderedTable

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Limits:
    """How many rows a page has when nothing is asked for, and between which bounds one may ask."""

    default: int
    maximum: int
    minimum: int = 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: behind the key `after`. `page` counts from 1, so that a fault can be put on one page."""

    page: int = 1
    after: str = ""

    def encode(self) -> str:
        """Return the cursor as an opaque text that is safe in a URL."""
        return urlsafe_b64encode(f"{self.page}.{self.after}".encode()).decode().rstrip("=")


def decode(text: str) -> Cursor:
    """Return the cursor that was encoded; a plus in front is taken for one. Raises `OktaError` 400."""
    bare = text.removeprefix("+")
    try:
        page, _, after = b64decode(bare + "=" * (-len(bare) % 4), b"-_", validate=True).decode().partition(".")
        return Cursor(int(page), after)
    except ValueError:
        raise invalid("after", "The cursor is not valid") from None


def page_number(query: Mapping[str, str]) -> int:
    """Return which page a request asks for; 1 without a cursor that can be read."""
    try:
        return decode(query["after"]).page if "after" in query else 1
    except OktaError:
        return 1


@dataclass(frozen=True, slots=True)
class Listing:
    """A request for a page: the org's URL, the path, and the query that the links repeat."""

    base: str
    path: str
    query: Mapping[str, str]

    def page(
        self,
        table: OrderedTable[Row],
        limits: Limits,
        show: Callable[[Row], Any],
        wanted: Callable[[Row], bool] = lambda _row: True,
    ) -> ListPage:
        """Return the page, each row as `show` makes it; the walk costs the page and what `wanted` leaves out.

        Raises `OktaError` 400 for a bad limit or cursor.
        """
        limit = self.limit(limits)
        here = decode(self.query["after"]) if "after" in self.query else Cursor()
        rows: list[Any] = []
        last, following = here.after, None
        for key, row in table.after(here.after):
            if not wanted(row):
                continue
            if len(rows) == limit:
                following = self.url(Cursor(here.page + 1, last))
                break
            rows.append(show(row))
            last = key
        return ListPage(tuple(rows), self.here, following, self.url(Cursor(here.page + 1, here.after)))

    def limit(self, limits: Limits) -> int:
        """Return how many rows are asked for. Raises `OktaError` 400."""
        text = self.query.get("limit", str(limits.default))
        if not text.isdecimal() or not limits.minimum <= int(text) <= limits.maximum:
            raise invalid("limit", f"The limit must be between {limits.minimum} and {limits.maximum}")
        return int(text)

    @property
    def here(self) -> str:
        """The URL of this very page."""
        return f"{self.base}{self.path}" + (f"?{urlencode(self.query)}" if self.query else "")

    def url(self, cursor: Cursor) -> str:
        """Return the URL of the page that begins at a cursor."""
        others = {name: value for name, value in self.query.items() if name != "after"}
        return f"{self.base}{self.path}?{urlencode({'after': cursor.encode(), **others})}"


def link(url: str, relation: str) -> str:
    """Return the value of a Link header (RFC 8288 section 3)."""
    return f'<{url}>; rel="{relation}"'


def link_headers(page: ListPage) -> tuple[Header, ...]:
    """Return the headers of a page as Okta sends them: self first, then next in a header of its own."""
    own = ("Link", link(page.here, "self"))
    return (own,) if page.following is None else (own, ("Link", link(page.following, "next")))
