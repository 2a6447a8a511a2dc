"""What each fault does to a request of the Management API, as three tables of functions over values."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from syncd.simulator.errors import OktaError, forbidden, internal, invalid_token, too_many_requests
from syncd.simulator.exchange import JSON_TYPE, Header, ListPage, Reply, Wire
from syncd.simulator.faults import RequestFault
from syncd.simulator.paging import link, link_headers

_F = RequestFault
_HTML: Final = b"<!DOCTYPE html><html><head><title>Okta</title></head><body>Something went wrong</body></html>"
_HTML_TYPE: Final[Header] = ("Content-Type", "text/html; charset=utf-8")
FOR_EVER_SECONDS: Final = 3600.0


def refused(kind: RequestFault) -> OktaError | None:
    """Return the error of faults that Okta itself answers, with the headers of every answer; None for the others."""
    error = _REFUSED.get(kind)
    return None if error is None else error()


_REFUSED: Final[Mapping[RequestFault, Callable[[], OktaError]]] = {
    _F.SERVER_ERROR: internal,
    _F.RATE_LIMITED: too_many_requests,
    _F.CONCURRENCY_LIMITED: too_many_requests,
    _F.UNAUTHORIZED: invalid_token,
    _F.FORBIDDEN: forbidden,
}


def instead(kind: RequestFault, seconds: float | None) -> Reply | None:
    """Return the reply of faults that never reach Okta's API, without any of its headers; None for the others."""
    if kind is _F.HANG:
        return Reply(0, wire=Wire.HELD, held_seconds=FOR_EVER_SECONDS if seconds is None else seconds)
    return _INSTEAD.get(kind)


_INSTEAD: Final[Mapping[RequestFault, Reply]] = {
    _F.DROPPED: Reply(0, wire=Wire.DROPPED),
    _F.BAD_GATEWAY_EMPTY: Reply(502),
    _F.BAD_GATEWAY_HTML: Reply(502, (_HTML_TYPE,), _HTML),
    _F.UNAVAILABLE: Reply(503, (JSON_TYPE,), b'{"errorSummary":"Service is in read only mode"}'),
}


def damaged(kind: RequestFault, reply: Reply) -> Reply:
    """Return the reply with the body that the fault makes of it; the reply itself for faults of another sort."""
    damage = _DAMAGE.get(kind)
    return reply if damage is None else damage(reply)


def _as_html(reply: Reply) -> Reply:
    others = tuple(header for header in reply.headers if header[0] != "Content-Type")
    return replace(reply, headers=(_HTML_TYPE, *others), body=_HTML)


_DAMAGE: Final[Mapping[RequestFault, Callable[[Reply], Reply]]] = {
    _F.EMPTY_BODY: lambda reply: replace(reply, body=b""),
    _F.TRUNCATED_JSON: lambda reply: replace(reply, body=reply.body[: len(reply.body) // 2]),
    _F.CUT_SHORT: lambda reply: replace(reply, wire=Wire.CUT_SHORT),
    _F.HTML: _as_html,
    _F.EMPTY_OBJECT: lambda reply: replace(reply, body=b"{}"),
    _F.NULL: lambda reply: replace(reply, body=b"null"),
}


def listed(kind: RequestFault | None, page: ListPage) -> tuple[tuple[Any, ...], tuple[Header, ...]]:
    """Return the rows and the Link headers of a page, as the fault leaves them. The last page has no next to spoil."""
    spoiled = _PAGES[kind](page) if kind in _PAGES else page
    shape = _LINKS.get(kind) if kind is not None else None
    if shape is None or spoiled.following is None:
        return spoiled.rows, link_headers(spoiled)
    return spoiled.rows, tuple(("Link", value) for value in shape(spoiled.here, spoiled.following))


def _first_row(page: ListPage, change: Callable[[Any], Any]) -> ListPage:
    return replace(page, rows=(change(page.rows[0]), *page.rows[1:])) if page.rows else page


def _without_id(row: Any) -> Any:
    return {name: value for name, value in row.items() if name not in {"id", "uuid"}}


def _unknown_user_status(row: Any) -> Any:
    user = {**row.get("_embedded", {}).get("user", {}), "status": "HIBERNATING"}
    return {**row, "_embedded": {**row.get("_embedded", {}), "user": user}}


_PAGES: Final[Mapping[RequestFault | None, Callable[[ListPage], ListPage]]] = {
    _F.EMPTY_LISTING: lambda page: replace(page, rows=(), following=None),
    _F.EMPTY_PAGE: lambda page: replace(page, rows=(), following=page.again),
    _F.DUPLICATED_PAGE: lambda page: replace(page, following=page.again),
    _F.UNKNOWN_STATUS: lambda page: _first_row(page, lambda row: {**row, "status": "HIBERNATING"}),
    _F.UNKNOWN_USER_STATUS: lambda page: _first_row(page, _unknown_user_status),
    _F.ROW_WITHOUT_ID: lambda page: _first_row(page, _without_id),
    _F.ROW_NULL: lambda page: _first_row(page, lambda _row: None),
}


def _with_plus(url: str) -> str:
    parts = urlsplit(url)
    query = [(name, f"+{value}" if name == "after" else value) for name, value in parse_qsl(parts.query)]
    return parts._replace(query=urlencode(query)).geturl()


def _cursor_only(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(query=urlencode([pair for pair in parse_qsl(parts.query) if pair[0] == "after"])).geturl()


def _elsewhere(url: str) -> str:
    return urlsplit(url)._replace(scheme="https", netloc="another-org.okta.example").geturl()


_LINKS: Final[Mapping[RequestFault, Callable[[str, str], tuple[str, ...]]]] = {
    _F.LOST_LINK: lambda here, _following: (link(here, "self"),),
    _F.NEXT_ONLY: lambda _here, following: (link(following, "next"),),
    _F.NEXT_BEFORE_SELF: lambda here, following: (link(following, "next"), link(here, "self")),
    _F.JOINED_LINKS: lambda here, following: (f"{link(here, 'self')}, {link(following, 'next')}",),
    _F.COMMA_IN_LINK: lambda here, following: (link(here, "self"), link(f"{following}&fields=id,status", "next")),
    _F.PLUS_IN_CURSOR: lambda here, following: (link(here, "self"), link(_with_plus(following), "next")),
    _F.LOST_PARAMETERS: lambda here, following: (link(here, "self"), link(_cursor_only(following), "next")),
    _F.NEXT_IS_SELF: lambda here, _following: (link(here, "self"), link(here, "next")),
    _F.NEXT_IS_ELSEWHERE: lambda here, following: (link(here, "self"), link(_elsewhere(following), "next")),
}
