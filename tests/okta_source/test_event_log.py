"""The System Log over HTTP: cursors go back as they came, and what contradicts the protocol of a poll is refused."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote

import pytest

from syncd.core.okta_events import EVENT_TYPES, LIFECYCLE, MEMBERSHIP
from syncd.okta_source.event_log import PATH, OktaEventLog, log_filters, open_event_log
from syncd.okta_source.settings import OktaSettings
from syncd.ports import CursorLostError, SourceFault, SourceUnhealthyError
from tests.okta_source.conftest import Serve
from tests.okta_source.listing_script import APP_ID
from tests.okta_source.scripted_okta import Request, Response, Script, ScriptedOkta, json_response, okta_error
from tests.support.waiting import Waiting

DATE = ("Date", "Mon, 23 Nov 2026 10:00:00 GMT")
NOON = datetime(2026, 11, 23, 10, tzinfo=UTC)
FILTER = quote(log_filters(APP_ID)[LIFECYCLE], safe="")
CURSOR = f"{PATH}?after=abc&limit=2&filter={FILTER}"

Open = Callable[[Script], tuple[OktaEventLog, ScriptedOkta]]


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
def open_log(serve: Serve, waiting: Waiting) -> Iterator[Open]:
    with ExitStack() as stack:

        def opened(script: Script) -> tuple[OktaEventLog, ScriptedOkta]:
            okta = serve(script)
            settings = OktaSettings(okta.url, APP_ID, api_token="00secretToken")
            log = open_event_log(settings, announce=waiting.said.append, patience=waiting.patience, limit=2)
            stack.callback(log.close)
            return log, okta

        yield opened


def event(number: int) -> dict[str, Any]:
    return {
        "uuid": f"e-{number}",
        "eventType": "user.lifecycle.suspend",
        "published": f"2026-11-23T09:00:0{number}.000Z",
        "target": [{"type": "User", "id": f"00u{number}"}],
    }


def page(*numbers: int, following: str | None = CURSOR) -> Response:
    response = json_response([event(number) for number in numbers]).having(DATE)
    return response if following is None else response.having(("Link", f'<{following}>; rel="next"'))


def test_a_start_is_made_by_oktas_clock(open_log: Open) -> None:
    log, okta = open_log(lambda _: json_response([]).having(DATE))
    place = log.start(LIFECYCLE)
    query = parse_qs(place.cursor.partition("?")[2])
    assert query["since"] == ["2026-11-23T09:45:00.000Z"]
    assert (query["sortOrder"], query["limit"]) == (["ASCENDING"], ["2"])
    assert "until" not in query
    assert place.read_until == NOON
    assert [request.path for request in okta.requests] == [PATH]


def test_a_clause_asks_by_equality_for_the_types_it_needs(open_log: Open) -> None:
    filters = log_filters(APP_ID)
    assert filters[MEMBERSHIP].startswith(f'target.id eq "{APP_ID}" and target.type eq "AppInstance" and (eventType eq')
    assert APP_ID not in filters[LIFECYCLE]
    for clause, text in filters.items():
        assert text.count("eventType eq ") == len(EVENT_TYPES[clause])


def test_a_cursor_goes_back_byte_for_byte(open_log: Open) -> None:
    odd = f"{PATH}?limit=2&after=1627%2C500_%2b1&filter={FILTER}"
    log, okta = open_log(lambda _: page(1, following=odd))
    first = log.page(LIFECYCLE, CURSOR)
    log.page(LIFECYCLE, first.following.cursor)
    assert okta.targets == [CURSOR, odd]


def test_a_full_page_was_read_until_its_last_event_and_a_short_one_until_now(open_log: Open) -> None:
    pages = iter([page(1, 2), page(3)])
    log, _ = open_log(lambda _: next(pages))
    full, short = log.page(LIFECYCLE, CURSOR), log.page(LIFECYCLE, CURSOR)
    assert (full.ended, full.following.read_until) == (False, NOON.replace(hour=9, second=2))
    assert (short.ended, short.following.read_until) == (True, NOON)


def test_a_link_that_names_no_limit_gets_oktas_own(open_log: Open) -> None:
    log, _ = open_log(lambda _: page(1, 2))
    assert log.page(LIFECYCLE, f"{PATH}?after=x&filter={FILTER}").ended


@pytest.mark.parametrize(
    "following",
    [
        None,
        f"{PATH}?after=def&limit=2",
        f"{PATH}?after=def&limit=2&filter=eventType+eq+%22x%22",
        f"/api/v1/users?after=def&filter={FILTER}",
        f"https://elsewhere.example{PATH}?after=def&filter={FILTER}",
        f"{CURSOR}#fragment",
    ],
)
def test_a_link_that_is_none_or_leads_away_is_refused(open_log: Open, following: str | None) -> None:
    log, _ = open_log(lambda _: page(1, following=following))
    with pytest.raises(SourceUnhealthyError) as caught:
        log.page(LIFECYCLE, CURSOR)
    assert caught.value.fault is SourceFault.LISTING
    assert "after=" not in str(caught.value), "a cursor is not for logs"


def test_an_event_that_cannot_be_read_refuses_its_page(open_log: Open) -> None:
    spoilt = json_response([event(1), {**event(2), "uuid": None}]).having(DATE, ("Link", f'<{CURSOR}>; rel="next"'))
    log, _ = open_log(lambda _: spoilt)
    with pytest.raises(SourceUnhealthyError, match="uuid"):
        log.page(LIFECYCLE, CURSOR)


def test_an_answer_without_a_time_is_refused(open_log: Open) -> None:
    log, _ = open_log(lambda _: json_response([]))
    with pytest.raises(SourceUnhealthyError, match="what time it is"):
        log.start(LIFECYCLE)


def test_a_cursor_that_okta_refuses_is_lost_and_not_tried_again(open_log: Open) -> None:
    log, okta = open_log(lambda _: okta_error(400, "E0000001", "Api validation failed: after"))
    with pytest.raises(CursorLostError, match="Api validation failed"):
        log.page(LIFECYCLE, CURSOR)
    assert len(okta.requests) == 1
    with pytest.raises(SourceUnhealthyError):
        log.start(LIFECYCLE)


def refusals() -> dict[str, Callable[[Request], Response]]:
    return {
        "a 400 of somebody else": lambda _: Response(400, b"<html>", (("Content-Type", "text/html"),)),
        "a 403": lambda _: okta_error(403, "E0000006", "no permission"),
        "a 404": lambda _: okta_error(404, "E0000007", "not found"),
        "a 500": lambda _: okta_error(500, "E0000009", "internal"),
        "an object": lambda _: json_response({}),
        "an empty body": lambda _: Response(200, b""),
        "a broken connection": lambda _: Response(dropped=True),
    }


@pytest.mark.parametrize("kind", refusals())
def test_any_other_refusal_is_no_lost_cursor(open_log: Open, kind: str) -> None:
    log, _ = open_log(refusals()[kind])
    with pytest.raises(SourceUnhealthyError):
        log.page(LIFECYCLE, CURSOR)


def test_a_rate_limit_is_waited_for(open_log: Open, waiting: Waiting) -> None:
    headers = (("X-Rate-Limit-Limit", "120"), ("X-Rate-Limit-Remaining", "0"), ("X-Rate-Limit-Reset", "1795428030"))
    limited = okta_error(429, "E0000047", "too many").having(DATE, *headers)
    answers = iter([limited, page(1)])
    log, _ = open_log(lambda _: next(answers))
    assert len(log.page(LIFECYCLE, CURSOR).events) == 1
    assert sum(waiting.naps) > 0


def test_a_credential_without_the_scope_is_told_which_one(open_log: Open) -> None:
    log, _ = open_log(lambda _: okta_error(403, "E0000006", "no permission"))
    with pytest.raises(SourceUnhealthyError, match=r"okta\.logs\.read.*poll_seconds = 0") as caught:
        log.page(LIFECYCLE, CURSOR)
    assert caught.value.fault is SourceFault.PERMISSION
