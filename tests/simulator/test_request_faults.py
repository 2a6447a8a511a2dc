"""Every fault of the Management API, observed on the wire."""

import time
from collections.abc import Iterator

import orjson
import pytest

from syncd.simulator import RequestFault, SimulatedOrg
from tests.simulator.conftest import APP_ID
from tests.simulator.wire import Raw, get

F = RequestFault
LISTING = f"/api/v1/apps/{APP_ID}/users?limit=3&expand=user"


@pytest.fixture
def org_of_ten(org: SimulatedOrg) -> SimulatedOrg:
    org.populate(10)
    return org


def first(org: SimulatedOrg) -> Raw:
    return get(org.url, LISTING)


def following(page: Raw) -> str | None:
    """Return the target of the next link, as a client finds it that copes with every form of the header."""
    for part in ", ".join(page.links()).split("<")[1:]:
        url, _, parameters = part.partition(">")
        if 'rel="next"' in parameters:
            return "/" + url.split("/", 3)[3]
    return None


def walk(org: SimulatedOrg, target: str | None = LISTING, most: int = 12) -> Iterator[Raw]:
    while target is not None and most > 0:
        page = get(org.url, target)
        yield page
        target, most = following(page), most - 1


def ids(page: Raw) -> list[str]:
    return [row["id"] for row in orjson.loads(page.body)]


@pytest.mark.parametrize(
    ("fault", "status", "media_type", "body"),
    [
        (F.SERVER_ERROR, 500, "application/json", b'{"errorCode":"E0000009"'),
        (F.BAD_GATEWAY_EMPTY, 502, None, b""),
        (F.BAD_GATEWAY_HTML, 502, "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        (F.UNAVAILABLE, 503, "application/json", b"{"),
        (F.RATE_LIMITED, 429, "application/json", b'{"errorCode":"E0000047"'),
        (F.CONCURRENCY_LIMITED, 429, "application/json", b'{"errorCode":"E0000047"'),
        (F.UNAUTHORIZED, 401, "application/json", b'{"errorCode":"E0000011"'),
        (F.FORBIDDEN, 403, "application/json", b'{"errorCode":"E0000006"'),
        (F.EMPTY_BODY, 200, "application/json", b""),
        (F.HTML, 200, "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        (F.EMPTY_OBJECT, 200, "application/json", b"{}"),
        (F.NULL, 200, "application/json", b"null"),
        (F.EMPTY_LISTING, 200, "application/json", b"[]"),
    ],
)
def test_faults_that_answer_something_else(
    org_of_ten: SimulatedOrg, fault: RequestFault, status: int, media_type: str | None, body: bytes
) -> None:
    org_of_ten.faults.on_page(fault, 1)
    page = first(org_of_ten)
    assert (page.status, page.header("Content-Type")) == (status, media_type)
    assert page.body.startswith(body)
    assert bool(page.body) is bool(body)
    assert first(org_of_ten).status == 200


def test_a_refusal_of_a_gateway_has_no_rate_headers_and_one_of_okta_has(org_of_ten: SimulatedOrg) -> None:
    for fault in (F.UNAVAILABLE, F.BAD_GATEWAY_EMPTY, F.BAD_GATEWAY_HTML):
        org_of_ten.faults.on_page(fault, 1)
        names = {name for name, _ in first(org_of_ten).headers}
        assert not names & {"X-Rate-Limit-Reset", "X-Rate-Limit-Limit", "Date"}
    org_of_ten.faults.on_page(F.SERVER_ERROR, 1)
    assert first(org_of_ten).header("X-Rate-Limit-Reset") is not None


def test_a_rate_limit_on_demand_tells_its_reset(org_of_ten: SimulatedOrg) -> None:
    org_of_ten.faults.on_page(F.RATE_LIMITED, 1, seconds=30)
    page = first(org_of_ten)
    assert [page.header(f"X-Rate-Limit-{name}") for name in ("Limit", "Remaining")] == ["12000", "0"]
    assert int(page.header("X-Rate-Limit-Reset") or 0) == int(org_of_ten._org.clock().timestamp()) + 30
    org_of_ten.faults.on_page(F.CONCURRENCY_LIMITED, 1)
    assert first(org_of_ten).header("X-Rate-Limit-Limit") == "0"


def test_a_dropped_connection_sends_no_byte(org_of_ten: SimulatedOrg) -> None:
    org_of_ten.faults.on_page(F.DROPPED, 1)
    assert first(org_of_ten).data == b""


def test_a_hang_says_nothing_until_it_ends(org_of_ten: SimulatedOrg) -> None:
    org_of_ten.faults.on_page(F.HANG, 1, seconds=0.2)
    began = time.monotonic()
    assert first(org_of_ten).data == b""
    assert time.monotonic() - began >= 0.2
    org_of_ten.faults.on_page(F.HANG, 1)
    with pytest.raises(TimeoutError):
        get(org_of_ten.url, LISTING, timeout=0.1)


def test_truncated_json_keeps_its_promise_of_length(org_of_ten: SimulatedOrg) -> None:
    org_of_ten.faults.on_page(F.TRUNCATED_JSON, 1)
    page = first(org_of_ten)
    assert len(page.body) == int(page.header("Content-Length") or 0)
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(page.body)


def test_a_body_cut_short_breaks_its_promise_of_length(org_of_ten: SimulatedOrg) -> None:
    org_of_ten.faults.on_page(F.CUT_SHORT, 1)
    page = first(org_of_ten)
    assert 0 < len(page.body) < int(page.header("Content-Length") or 0)


@pytest.mark.parametrize(
    ("fault", "shape"),
    [
        (F.LOST_LINK, ["self"]),
        (F.NEXT_ONLY, ["next"]),
        (F.NEXT_BEFORE_SELF, ["next", "self"]),
        (F.COMMA_IN_LINK, ["self", "next"]),
        (F.PLUS_IN_CURSOR, ["self", "next"]),
        (F.LOST_PARAMETERS, ["self", "next"]),
        (F.NEXT_IS_SELF, ["self", "next"]),
        (F.NEXT_IS_ELSEWHERE, ["self", "next"]),
    ],
)
def test_link_faults_send_these_relations(org_of_ten: SimulatedOrg, fault: RequestFault, shape: list[str]) -> None:
    org_of_ten.faults.on_page(fault, 1)
    page = first(org_of_ten)
    assert [link.split('rel="')[1].rstrip('"') for link in page.links()] == shape
    assert len(ids(page)) == 3


def test_joined_links_are_one_header(org_of_ten: SimulatedOrg) -> None:
    org_of_ten.faults.on_page(F.JOINED_LINKS, 1)
    (value,) = first(org_of_ten).links()
    assert value.count('rel="self", <') == 1
    assert value.endswith('rel="next"')


@pytest.mark.parametrize(
    "fault", [F.NEXT_ONLY, F.NEXT_BEFORE_SELF, F.JOINED_LINKS, F.COMMA_IN_LINK, F.PLUS_IN_CURSOR, F.EMPTY_PAGE]
)
def test_a_client_that_follows_links_as_they_are_loses_nothing(org_of_ten: SimulatedOrg, fault: RequestFault) -> None:
    expected = [key for page in walk(org_of_ten) for key in ids(page)]
    for page in (1, 2):
        org_of_ten.faults.on_page(fault, page)
    assert [key for page in walk(org_of_ten) for key in ids(page)] == expected
    assert org_of_ten.faults.in_force() == ()


def test_a_plus_that_was_decoded_is_no_cursor_any_more(org_of_ten: SimulatedOrg) -> None:
    org_of_ten.faults.on_page(F.PLUS_IN_CURSOR, 1)
    target = following(first(org_of_ten))
    assert target is not None
    assert "after=%2B" in target
    assert get(org_of_ten.url, target.replace("%2B", "%20")).status == 400


def test_lost_parameters_fall_back_to_the_default_page(org_of_ten: SimulatedOrg) -> None:
    org_of_ten.faults.on_page(F.LOST_PARAMETERS, 1)
    pages = list(walk(org_of_ten))
    assert [len(ids(page)) for page in pages] == [3, 7]
    assert b"_embedded" not in pages[1].body


def test_a_next_link_to_itself_never_ends(org_of_ten: SimulatedOrg) -> None:
    org_of_ten.faults.on_page(F.NEXT_IS_SELF, 2, times=None)
    pages = list(walk(org_of_ten))
    assert len(pages) == 12
    assert ids(pages[1]) == ids(pages[11])


def test_a_next_link_may_lead_to_another_host(org_of_ten: SimulatedOrg) -> None:
    org_of_ten.faults.on_page(F.NEXT_IS_ELSEWHERE, 1)
    assert first(org_of_ten).links()[1].startswith("<https://another-org.okta.example/api/v1/apps/")


def test_a_duplicated_page_lists_its_rows_twice(org_of_ten: SimulatedOrg) -> None:
    org_of_ten.faults.on_page(F.DUPLICATED_PAGE, 2)
    pages = [ids(page) for page in walk(org_of_ten)]
    assert pages[1] == pages[2]
    assert [len(page) for page in pages] == [3, 3, 3, 3, 1]


def test_row_faults_spoil_one_row(org_of_ten: SimulatedOrg) -> None:
    rows = {}
    for fault in (F.UNKNOWN_STATUS, F.UNKNOWN_USER_STATUS, F.ROW_WITHOUT_ID, F.ROW_NULL):
        org_of_ten.faults.on_page(fault, 1)
        rows[fault] = orjson.loads(first(org_of_ten).body)
    assert rows[F.UNKNOWN_STATUS][0]["status"] == "HIBERNATING"
    assert rows[F.UNKNOWN_USER_STATUS][0]["_embedded"]["user"]["status"] == "HIBERNATING"
    assert "id" not in rows[F.ROW_WITHOUT_ID][0]
    assert rows[F.ROW_NULL][0] is None
    assert all(spoiled[1:] == rows[F.ROW_NULL][1:] for spoiled in rows.values())


def test_a_fault_strikes_its_page_as_often_as_asked(org_of_ten: SimulatedOrg) -> None:
    org_of_ten.faults.on_page(F.SERVER_ERROR, 2, times=2)
    target = following(first(org_of_ten))
    assert target is not None
    assert [get(org_of_ten.url, target).status for _ in range(3)] == [500, 500, 200]


def test_a_fault_may_strike_a_single_lookup(org_of_ten: SimulatedOrg) -> None:
    org_of_ten.faults.on_request(F.DROPPED, "/api/v1/apps/*/users/*", times=None)
    user = ids(first(org_of_ten))[0]
    assert get(org_of_ten.url, f"/api/v1/apps/{APP_ID}/users/{user}").data == b""
    org_of_ten.faults.clear()
    assert get(org_of_ten.url, f"/api/v1/apps/{APP_ID}/users/{user}").status == 200


def test_every_fault_is_observable(org_of_ten: SimulatedOrg) -> None:
    clean = first(org_of_ten)
    per_request = {"X-Okta-Request-Id", "Set-Cookie", "X-Rate-Limit-Remaining"}

    def essence(raw: Raw) -> object:
        return raw.body, [h for h in raw.headers if h[0] not in per_request] if raw.data else None

    for fault in RequestFault:
        if fault is F.HANG:
            continue
        org_of_ten.faults.on_page(fault, 1)
        struck = first(org_of_ten)
        assert struck.data == b"" or essence(struck) != essence(clean), fault
