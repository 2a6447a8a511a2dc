"""/api/v1/logs: the System Log, polled for ever or asked for a span of time (Okta: System Log query)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from syncd.simulator.calls import Call, Route
from syncd.simulator.errors import invalid
from syncd.simulator.exchange import Answer, ListPage
from syncd.simulator.log_filter import Test, compile_filter
from syncd.simulator.org import Org
from syncd.simulator.paging import Cursor, Limits, Listing, decode
from syncd.simulator.records import timestamp
from syncd.simulator.system_log import LogEvent, Target

LIMITS: Final = Limits(default=100, maximum=1000, minimum=0)
DEFAULT_SPAN: Final = timedelta(days=7)
_PATH: Final = "/api/v1/logs"
_ORDERS: Final = ("ASCENDING", "DESCENDING")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def _list(org: Org, call: Call) -> Answer:
    """Answer a poll, which is what an ascending query without an end is, or a query for a span of time."""
    query = call.query
    order = query.get("sortOrder", _ORDERS[0])
    if order not in _ORDERS:
        raise invalid("sortOrder", f"The value must be one of {', '.join(_ORDERS)}")
    if "after" in query and "since" in query:
        raise invalid("after", "The parameters after and since exclude one another")
    wanted = compile_filter(query.get("filter"))
    if "until" not in query and order == _ORDERS[0]:
        return Answer(page=_poll(org, call, wanted))
    return Answer(page=_span(org, call, wanted, newest_first=order != _ORDERS[0]))


def _poll(org: Org, call: Call, wanted: Test) -> ListPage:
    listing, limit = call.listing(), call.listing().limit(LIMITS)
    here, moment, number = _begin(org, call.query)
    events = list(islice(filter(wanted, org.log.after(number)), limit))
    if events:
        moment, number = events[-1].persisted, events[-1].number
    # Okta repeats the cursor when there is nothing behind it.
    moved = bool(events) or "after" not in call.query
    following = Cursor(here.page + 1, _place(moment, number)) if moved else here
    further = Listing(call.base, call.path, _without_since(call.query))
    again = further.url(Cursor(here.page + 1, here.after))
    return ListPage(tuple(map(show, events)), listing.here, further.url(following), again)


def _begin(org: Org, query: Mapping[str, str]) -> tuple[Cursor, datetime, int]:
    """Return where a poll begins: the cursor, the time of it, and the number of the last event before."""
    if "after" in query:
        here = decode(query["after"])
        milliseconds, _, number = here.after.partition("_")
        if not (milliseconds.isdecimal() and number.isdecimal()):
            raise invalid("after", "The cursor is not valid")
        moment = _EPOCH + int(milliseconds) * _MILLISECOND
        _refuse_forgotten(org, "after", moment)
        return here, moment, int(number)
    since = _moment(query, "since", org.clock() - min(DEFAULT_SPAN, org.log.retention))
    _refuse_forgotten(org, "since", since)
    before = org.log.number_before(since)
    return Cursor(1, _place(since, before)), since, before


def _span(org: Org, call: Call, wanted: Test, *, newest_first: bool) -> ListPage:
    """Return a page of what was published in a span of time. A cursor is how many of them came before."""
    listing, limit = call.listing(), call.listing().limit(LIMITS)
    since = _moment(call.query, "since", org.clock() - min(DEFAULT_SPAN, org.log.retention))
    until = _moment(call.query, "until", org.clock())
    _refuse_forgotten(org, "since", since)
    found = [event for event in org.log.after(0) if since <= event.published <= until and wanted(event)]
    found.sort(key=lambda event: event.published, reverse=newest_first)
    here = decode(call.query["after"]) if "after" in call.query else Cursor(1, "0")
    begin = int(here.after) if here.after.isdecimal() else 0
    rows = tuple(map(show, found[begin : begin + limit]))
    following = listing.url(Cursor(here.page + 1, str(begin + limit))) if begin + limit < len(found) else None
    return ListPage(rows, listing.here, following, listing.url(Cursor(here.page + 1, here.after)))


def _moment(query: Mapping[str, str], name: str, default: datetime) -> datetime:
    if name not in query:
        return default
    try:
        moment = datetime.fromisoformat(query[name])
    except ValueError:
        raise invalid(name, "The value must be a time such as 2026-01-31T12:00:00.000Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _refuse_forgotten(org: Org, name: str, moment: datetime) -> None:
    if moment < org.log.oldest():
        raise invalid(name, "The requested time is before what the log still holds")


def _place(moment: datetime, number: int) -> str:
    return f"{(moment - _EPOCH) // _MILLISECOND}_{number}"


def _without_since(query: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if name != "since"}


# ------------------------------------------------------------------ JSON

_NOBODY: Final = {"id": None, "ipAddress": None, "userAgent": None, "zone": None, "device": None}


def show(event: LogEvent) -> dict[str, Any]:
    """Return a LogEvent as the API and event hooks show it."""
    failed = event.failure is not None
    return {
        "uuid": event.uuid,
        "version": "0",
        "eventType": event.event_type,
        "legacyEventType": None,
        "displayMessage": event.event_type,
        "severity": "WARN" if failed else "INFO",
        "published": timestamp(event.published),
        "outcome": {"result": "FAILURE" if failed else "SUCCESS", "reason": event.failure},
        "actor": _party(Target("00usimulatedadmin000", "User", "admin@example.com", "Administrator")),
        "target": [_party(target) for target in event.targets],
        "client": _NOBODY,
        "request": {"ipChain": []},
        "transaction": {"type": "WEB", "id": f"log{event.number}", "detail": {}},
        "debugContext": {"debugData": {}},
        "authenticationContext": {"authenticationStep": 0, "externalSessionId": "unknown"},
        "securityContext": {"asNumber": None, "asOrg": None, "isp": None, "domain": None, "isProxy": None},
    }


def _party(target: Target) -> dict[str, Any]:
    return {
        "id": target.id,
        "type": target.type,
        "alternateId": target.alternate_id,
        "displayName": target.display_name,
        "detailEntry": None,
    }


ROUTES: Final = (Route("GET", _PATH, "okta.logs.read", _PATH, _list),)
