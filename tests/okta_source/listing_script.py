"""An org with one application, whose users come in pages as Okta sends them; single pages may be spoilt."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs

from tests.okta_source.scripted_okta import Request, Response, json_response, okta_error

APP_ID = "0oa1gjh63g214q0Hq0g4"
LISTING = f"/api/v1/apps/{APP_ID}/users"
APP = {
    "id": APP_ID,
    "label": "Time sheets",
    "status": "ACTIVE",
    "features": ["PUSH_NEW_USERS", "PUSH_USER_DEACTIVATION"],
}

Spoil = Callable[[Response], Response]


def user_id(number: int) -> str:
    return f"00u{number:017d}"


def row(number: int) -> dict[str, Any]:
    login = f"user{number}@example.com"
    return {
        "id": user_id(number),
        "externalId": f"scim-{number}",
        "status": "PROVISIONED",
        "syncState": "SYNCHRONIZED",
        "scope": "USER",
        "credentials": {"userName": login},
        "profile": {"givenName": "Ada", "familyName": f"Number {number}", "email": login},
        "_embedded": {"user": {"id": user_id(number), "status": "ACTIVE", "profile": {"login": login}}},
    }


def rows(count: int) -> list[dict[str, Any]]:
    return [row(number) for number in range(1, count + 1)]


def okta_links(own: str, following: str | None) -> tuple[str, ...]:
    """Write Link headers as Okta does: one for the page itself, then one for the next."""
    return (f'<{own}>; rel="self"', *([f'<{following}>; rel="next"'] if following else []))


def unchanged(response: Response) -> Response:
    return response


@dataclass
class Org:
    """`spoilt` maps the number of a page to what spoils it, and `spoilt_times` bounds how often (None: always).

    `link` writes the Link headers of a page from its own URL and the next one's; `every` is done to every answer of the
    listing. `people` holds the status of every user there is, for point lookups; those in `users` are assigned.
    """

    users: list[dict[str, Any]]
    page_size: int
    url: str = ""
    app: dict[str, Any] = field(default_factory=lambda: dict(APP))
    people: dict[str, str] = field(default_factory=dict)
    spoilt: dict[int, Spoil] = field(default_factory=dict)
    spoilt_times: int | None = None
    every: Spoil = unchanged
    link: Callable[[str, str | None], tuple[str, ...]] = okta_links
    cursor: Callable[[int], str] = str
    now: Callable[[], float] = lambda: 1_800_000_000.0

    def __post_init__(self) -> None:
        self._spoilt_so_far = itertools.count(1)

    def respond(self, request: Request) -> Response:
        place, _, key = request.path.rpartition("/")
        if request.path == LISTING:
            response = self._spoil(request, self._page(request))
        elif key == APP_ID:
            response = json_response(self.app)
        else:
            response = self._one(place, key)
        return response.having(("Date", formatdate(self.now(), usegmt=True)), ("X-Okta-Request-Id", f"req-{key}"))

    def _one(self, place: str, key: str) -> Response:
        assigned = next((user for user in self.users if user["id"] == key), None)
        if place == LISTING and assigned:
            return json_response(assigned)
        if place == "/api/v1/users" and key in self.people:
            return json_response({"id": key, "status": self.people[key]})
        return okta_error(404, "E0000007", f"Not found: Resource not found: {key} (User)")

    def _page(self, request: Request) -> Response:
        start, limit = self._start_of(request.query), self._limit_of(request.query)
        end = start + limit
        following = f"{self.url}{LISTING}?after={self.cursor(end)}&limit={limit}&expand=user"
        links = self.link(self.url + request.target, following if end < len(self.users) else None)
        return self.every(json_response(self.users[start:end]).having(*(("Link", link) for link in links)))

    def _spoil(self, request: Request, response: Response) -> Response:
        """Spoil the page, unless it was asked for in another size than the walk's."""
        spoil = self.spoilt.get(self._start_of(request.query) // self.page_size + 1)
        if spoil is None or self._limit_of(request.query) != self.page_size:
            return response
        spare = self.spoilt_times is not None and next(self._spoilt_so_far) > self.spoilt_times
        return response if spare else spoil(response)

    def _start_of(self, query: str) -> int:
        """Find the cursor among all there are by its exact text: a changed one leads nowhere."""
        sent = next((part.removeprefix("after=") for part in query.split("&") if part.startswith("after=")), None)
        starts = range(1, len(self.users) + 1)
        return 0 if sent is None else next(start for start in starts if self.cursor(start) == sent)

    def _limit_of(self, query: str) -> int:
        return int(parse_qs(query).get("limit", [str(self.page_size)])[0])
