"""Paging as Okta does it: opaque cursors, two Link headers, a walk that costs its page."""

import re
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from syncd.simulator import SimulatedOrg
from syncd.simulator.errors import OktaError
from syncd.simulator.paging import Cursor, decode
from tests.simulator.conftest import APP_ID, Api
from tests.simulator.wire import get

USERS = f"/api/v1/apps/{APP_ID}/users"


def walk(api: Api, path: str) -> list[list[str]]:
    pages, url = [], api.org.url + path
    while url:
        answer = api("GET", url.removeprefix(api.org.url))
        pages.append([row["id"] for row in answer.json()])
        url = answer.links.get("next", {}).get("url", "")
    return pages


def test_each_page_sends_self_and_next_as_two_headers(org: SimulatedOrg) -> None:
    org.populate(5)
    page = get(org.url, f"{USERS}?limit=2&expand=user")
    own, following = page.links()
    assert own == f'<{org.url}{USERS}?limit=2&expand=user>; rel="self"'
    pattern = rf'<{re.escape(org.url + USERS)}\?after=[\w-]+&limit=2&expand=user>; rel="next"'
    assert re.fullmatch(pattern, following)


def test_the_last_page_has_no_next_even_when_it_is_full(org: SimulatedOrg, api: Api) -> None:
    org.populate(6)
    assert [len(page) for page in walk(api, f"{USERS}?limit=3")] == [3, 3]
    assert [len(page) for page in walk(api, f"{USERS}?limit=4")] == [4, 2]
    assert len(get(org.url, f"{USERS}?limit=6").links()) == 1


def test_the_default_page_of_an_app_has_fifty_rows(org: SimulatedOrg, api: Api) -> None:
    org.populate(51)
    assert [len(page) for page in walk(api, USERS)] == [50, 1]


def test_an_empty_listing_is_an_empty_list_with_a_self_link(org: SimulatedOrg) -> None:
    page = get(org.url, USERS)
    assert (page.status, page.body, len(page.links())) == (200, b"[]", 1)


def test_rows_that_come_and_go_during_a_walk_disturb_no_others(org: SimulatedOrg, api: Api) -> None:
    people = org.populate(9)
    answer = api("GET", f"{USERS}?limit=3")
    org.unassign(people[2])
    org.unassign(people[4])
    late = org.create_user("late@example.com", "Late", "Comer")
    org.assign(late)
    rest = walk(api, answer.links["next"]["url"].removeprefix(org.url))
    assert [key for page in rest for key in page] == [people[3], *people[5:], late]


def test_every_listing_is_paged(org: SimulatedOrg, api: Api) -> None:
    people = org.populate(45)
    teams = [org.create_group(f"Team {number}", people) for number in range(45)]
    for team in teams:
        org.assign_group(team)
        org.push_group(team)
    for path, limit in [
        ("/api/v1/users", 20),
        ("/api/v1/groups", 20),
        (f"/api/v1/groups/{teams[0]}/users", 20),
        (f"/api/v1/apps/{APP_ID}/groups", 20),
        (f"/api/v1/apps/{APP_ID}/group-push/mappings", 20),
    ]:
        pages = walk(api, f"{path}?limit={limit}")
        assert [len(page) for page in pages] == [20, 20, 5]
        assert len({key for page in pages for key in page}) == 45


@pytest.mark.parametrize("cursor", [Cursor(), Cursor(2, "00u1"), Cursor(12_345, "00u1~\N{SNOWMAN}")])
def test_cursors_survive_their_encoding(cursor: Cursor) -> None:
    assert re.fullmatch(r"[\w-]+", cursor.encode())
    assert decode(cursor.encode()) == cursor
    assert decode("+" + cursor.encode()) == cursor


@pytest.mark.parametrize("text", ["00u1a2b3c4d5e6f7g8h9", "?", "MQ ==", " MS4", "\N{SNOWMAN}"])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(OktaError, match="after"):
        decode(text)


def test_connections_are_kept_alive(org: SimulatedOrg) -> None:
    parts = urlsplit(org.url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    sockets = set()
    for _ in range(3):
        connection.request("GET", USERS, headers={"Authorization": f"SSWS {org.api_token}"})
        assert connection.getresponse().read() == b"[]"
        sockets.add(connection.sock)
    connection.close()
    assert len(sockets) == 1
