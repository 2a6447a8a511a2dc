"""Every fault, on the first, a middle and the last page: all rows, or an error; never a short list."""

from collections.abc import Callable
from dataclasses import replace

import orjson
import pytest
import requests

from syncd.ports import SourceFault, SourceUnhealthyError
from tests.okta_source.conftest import OpenSource
from tests.okta_source.listing_script import LISTING, Org, Spoil, rows, user_id
from tests.okta_source.scripted_okta import Response, ScriptedOkta, okta_error
from tests.support.waiting import Waiting

ServeOrg = Callable[[Org], ScriptedOkta]

USERS, PAGE_SIZE = 14, 3
EVERYBODY = [user_id(number) for number in range(1, USERS + 1)]
POSITIONS = {"first": 1, "middle": 3, "last": 5}
HTML = b"<!DOCTYPE html><html><body>Bad gateway</body></html>"
GONE_WRONG = okta_error(500, "E0000009", "Internal Server Error")
TOO_MANY = okta_error(429, "E0000047", "API call exceeded rate limit due to too many requests.")
BAD_TOKEN = okta_error(401, "E0000011", "Invalid token provided")


def instead(response: Response) -> Spoil:
    return lambda _: response


def body(text: bytes) -> Spoil:
    return lambda response: replace(response, body=text)


def edited(edit: Callable[[list[dict[str, object]]], object]) -> Spoil:
    """Change the rows of a page in place."""

    def spoil(response: Response) -> Response:
        listed = orjson.loads(response.body)
        edit(listed)
        return replace(response, body=orjson.dumps(listed))

    return spoil


UNREACHABLE, CREDENTIAL, PERMISSION = SourceFault.UNREACHABLE, SourceFault.CREDENTIAL, SourceFault.PERMISSION
LISTED, RATE_LIMIT, APP = SourceFault.LISTING, SourceFault.RATE_LIMIT, SourceFault.APP

FATAL: dict[str, tuple[Spoil, SourceFault]] = {
    "500 with JSON": (instead(GONE_WRONG), UNREACHABLE),
    "502 with an empty body": (instead(Response(502, headers=())), UNREACHABLE),
    "502 with HTML": (instead(Response(502, HTML).typed("text/html")), UNREACHABLE),
    "503 without rate-limit headers": (instead(replace(GONE_WRONG, status=503)), UNREACHABLE),
    "503 empty": (instead(Response(503)), UNREACHABLE),
    "504": (instead(Response(504)), UNREACHABLE),
    "408": (instead(Response(408)), UNREACHABLE),
    "connection dropped": (instead(Response(dropped=True)), UNREACHABLE),
    "body cut off": (lambda response: replace(response, sent=40), UNREACHABLE),
    "chunked body cut off": (lambda response: replace(response, sent=40, chunked=True), UNREACHABLE),
    "429 forever": (instead(TOO_MANY), RATE_LIMIT),
    "401 with JSON": (instead(BAD_TOKEN), CREDENTIAL),
    "401 empty with a JSON type": (instead(Response(401)), CREDENTIAL),
    "403": (instead(okta_error(403, "E0000006", "You do not have permission")), PERMISSION),
    "404 of Okta": (instead(okta_error(404, "E0000007", "Not found: Resource not found: 0oa (AppInstance)")), APP),
    "404 of somebody else": (instead(Response(404, HTML).typed("text/html")), UNREACHABLE),
    "400": (instead(okta_error(400, "E0000031", "Invalid cursor")), LISTED),
    "redirect": (instead(Response(302, headers=(("Location", "/login"),))), UNREACHABLE),
    "200 with {}": (body(b"{}"), LISTED),
    "200 with null": (body(b"null"), LISTED),
    "200 with {} and no Link": (instead(Response(body=b"{}")), LISTED),
    "200 with an error object": (lambda response: replace(response, body=GONE_WRONG.body), LISTED),
    "200 with an empty body": (body(b""), LISTED),
    "200 with truncated JSON": (lambda response: replace(response, body=response.body[:-30]), LISTED),
    "200 with HTML": (instead(Response(200, HTML).typed("text/html")), LISTED),
    "200 with JSON called text": (lambda response: response.typed("text/plain"), LISTED),
    "200 without a type": (lambda response: response.without("Content-Type"), LISTED),
    "204": (instead(Response(204)), LISTED),
    "a row without an id": (edited(lambda listed: listed[-1].pop("id")), LISTED),
    "a row that is no object": (edited(lambda listed: listed.append("00u")), LISTED),  # type: ignore[arg-type]  # on purpose
    "a row sent twice": (edited(lambda listed: listed.append(listed[0])), LISTED),
}

HARMLESS: dict[str, Spoil] = {
    "an unknown status": edited(lambda listed: listed[0].update(status="BRAND_NEW", syncState="ODD")),
    "an unknown field": edited(lambda listed: listed[0].update(orbit={"height": 1})),
    "a charset": lambda response: response.typed("application/json; charset=UTF-8"),
    "an empty body first, then the page": body(b""),
}


def read_all(open_okta: OpenSource, url: str, **settings: object) -> list[str]:
    source = open_okta(url, page_limit=PAGE_SIZE, **settings)
    return [row.okta_user_id for page in source.pages() for row in page.rows]


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("name", FATAL)
def test_a_page_that_stays_spoilt_ends_in_an_error_that_names_it(
    name: str, position: str, open_okta: OpenSource, serve_org: ServeOrg
) -> None:
    spoil, fault = FATAL[name]
    okta = serve_org(Org(rows(USERS), PAGE_SIZE, spoilt={POSITIONS[position]: spoil}))
    with pytest.raises(SourceUnhealthyError) as caught:
        read_all(open_okta, okta.url)
    assert caught.value.fault is fault
    assert caught.value.where == f"GET {LISTING}, page {POSITIONS[position]}"
    assert caught.value.remedy


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize(
    "name",
    [name for name, (_, fault) in FATAL.items() if fault is UNREACHABLE and "404" not in name and name != "redirect"],
)
def test_a_page_that_is_spoilt_three_times_is_read_the_fourth_time(
    name: str, position: str, open_okta: OpenSource, serve_org: ServeOrg
) -> None:
    org = Org(rows(USERS), PAGE_SIZE, spoilt={POSITIONS[position]: FATAL[name][0]}, spoilt_times=3)
    assert read_all(open_okta, serve_org(org).url) == EVERYBODY


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_only_strange_loses_nobody(
    name: str, position: str, open_okta: OpenSource, serve_org: ServeOrg
) -> None:
    org = Org(rows(USERS), PAGE_SIZE, spoilt={POSITIONS[position]: HARMLESS[name]}, spoilt_times=1)
    assert read_all(open_okta, serve_org(org).url) == EVERYBODY


@pytest.mark.parametrize("position", POSITIONS)
def test_a_server_that_hangs_ends_in_an_error(position: str, open_okta: OpenSource, serve_org: ServeOrg) -> None:
    okta = serve_org(Org(rows(USERS), PAGE_SIZE, spoilt={POSITIONS[position]: instead(Response(hangs=True))}))
    with pytest.raises(SourceUnhealthyError, match=r"Timeout.*page") as caught:
        read_all(open_okta, okta.url, request_timeout=0.25)
    assert caught.value.fault is UNREACHABLE


def test_an_error_of_okta_is_told_with_its_words_and_its_request_id(open_okta: OpenSource, serve_org: ServeOrg) -> None:
    spoil = instead(BAD_TOKEN.having(("X-Okta-Request-Id", "reqABC")))
    okta = serve_org(Org(rows(USERS), PAGE_SIZE, spoilt={2: spoil}))
    with pytest.raises(
        SourceUnhealthyError, match=r"HTTP 401 \(Okta said 'Invalid token provided', request id reqABC\)"
    ):
        read_all(open_okta, okta.url)


def test_retries_are_announced_and_wait_longer_each_time(
    open_okta: OpenSource, serve_org: ServeOrg, waiting: Waiting
) -> None:
    okta = serve_org(Org(rows(USERS), PAGE_SIZE, spoilt={2: instead(GONE_WRONG)}))
    with pytest.raises(SourceUnhealthyError):
        read_all(open_okta, okta.url)
    assert waiting.naps == [0.375, 0.75, 1.5]
    assert waiting.said[0] == "waiting 1 s and trying again after HTTP 500, page 2"


def test_nobody_listening_ends_in_an_error(open_okta: OpenSource) -> None:
    with ScriptedOkta(lambda _: TOO_MANY) as okta:
        url = okta.url
    with pytest.raises(SourceUnhealthyError, match="Cannot connect"):
        read_all(open_okta, url)


def naive_loop(url: str) -> list[str]:
    """Read a listing as it is usually done: a page that fails is the end."""
    found: list[str] = []
    while url:
        try:
            response = requests.get(url, timeout=1)
            found += [user["id"] for user in response.json()] if response.ok else []
        except (requests.RequestException, ValueError, TypeError):
            break
        url = response.links.get("next", {}).get("url", "")
    return found


@pytest.mark.parametrize(
    "name",
    [
        "500 with JSON",
        "502 with an empty body",
        "connection dropped",
        "429 forever",
        "200 with {} and no Link",
        "401 with JSON",
    ],
)
def test_a_naive_loop_takes_these_faults_for_the_end_of_the_list(name: str, serve_org: ServeOrg) -> None:
    okta = serve_org(Org(rows(USERS), PAGE_SIZE, spoilt={3: FATAL[name][0]}))
    found = naive_loop(f"{okta.url}{LISTING}?limit={PAGE_SIZE}")
    assert found == EVERYBODY[:6]


def test_a_naive_loop_takes_a_lost_link_for_the_end_of_the_list(serve_org: ServeOrg) -> None:
    okta = serve_org(Org(rows(USERS), PAGE_SIZE, spoilt={3: lambda response: response.without("Link")}))
    assert naive_loop(f"{okta.url}{LISTING}?limit={PAGE_SIZE}") == EVERYBODY[:9]
