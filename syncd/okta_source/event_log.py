"""The System Log, polled: from a cursor to the next, for ever.

A poll is a query in ascending order without an end. Okta orders it by the time at which it wrote an event down, brings
every event, late ones too, and links to a next page always; at the end that is the page itself. A cursor is the path
and query of a page: the first is made here, all others are Okta's, sent back byte for byte.
Source: developer.okta.com, System Log query.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, quote

from syncd.core.okta_events import EVENT_TYPES, MEMBERSHIP, LogEvent
from syncd.okta_source.answers import Answer
from syncd.okta_source.client import Executor, OktaClient, Patience
from syncd.okta_source.faults import Question, unbelievable
from syncd.okta_source.following import read_links, within
from syncd.okta_source.link_header import next_target
from syncd.okta_source.log_rows import read_event
from syncd.okta_source.pacing import Bucket, moment_of
from syncd.okta_source.rows import RowError
from syncd.okta_source.settings import OktaSettings
from syncd.ports import Announce, LogPage, Place

PATH: Final = "/api/v1/logs"
SCOPES: Final = ("okta.logs.read",)
LARGEST_LOG_PAGE: Final = 1000
OVERLAP: Final = timedelta(minutes=15)
"""How far a place reaches back: for events that Okta writes down late, and for clocks of its own that disagree."""

_OKTAS_LIMIT: Final = 100  # where a query names none


class OktaEventLog:
    """The log of one application's org, for one poll; implements `ports.EventLog`. One thread at a time.

    Holds connections, an event loop of its own, and what is left of the waiting that the settings allow.
    """

    def __init__(
        self,
        settings: OktaSettings,
        executor: Executor,
        client: OktaClient,
        limit: int,
        types: Mapping[str, Sequence[str]] = EVENT_TYPES,
    ) -> None:
        self.clauses = tuple(types)
        self._org_url = settings.org_url
        self._filters = log_filters(settings.okta_app_id, types)
        self._executor = executor
        self._client = client
        self._limit = limit
        self._runner = asyncio.Runner()
        self._open = True

    def start(self, clause: str) -> Place:
        """Return a place a quarter of an hour before now, which Okta's clock tells; raises `SourceUnhealthyError`."""
        question = Question(f"{PATH}?sortOrder=DESCENDING&limit=1", Bucket.LOGS, "what time it is", list)
        answer = self._runner.run(self._client.ask(question)).answer
        return self.resume(clause, _date(answer, question))

    def resume(self, clause: str, read_until: datetime) -> Place:
        """Return a place a quarter of an hour before the moment up to which the clause was read."""
        since = (read_until - OVERLAP).astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
        asked = {"since": f"{since}Z", "sortOrder": "ASCENDING", "limit": self._limit, "filter": self._filters[clause]}
        query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in asked.items())
        return Place(f"{PATH}?{query}", read_until)

    def page(self, clause: str, cursor: str) -> LogPage:
        """Return a page, complete, with the place behind it."""
        question = Question(cursor, Bucket.LOGS, f"events of {clause}", list, from_cursor=True)
        reply = self._runner.run(self._client.ask(question))
        events = _read_events(reply.document, question)
        following = self._follow(reply.answer, question)
        ended = len(events) < _limit_of(cursor)
        now = _date(reply.answer, question)
        read_until = now if ended or not events else events[-1].published
        return LogPage(events, Place(following, min(now, read_until)), ended)

    def close(self) -> None:
        """Close the connections and the event loop. May be called twice."""
        if self._open:
            self._open = False
            self._runner.run(self._executor.close())
            self._runner.close()

    def _follow(self, answer: Answer, question: Question) -> str:
        """Return the path and query of the next page. A poll always has one, and it asks for the same events."""
        try:
            link = next_target(read_links(answer, question))
            target = None if link is None else within(self._org_url, PATH, link)
        except ValueError as error:
            raise unbelievable(f"the link to the next page: {error}", question) from None
        if target is None:
            raise unbelievable("the page of the log has no next, and a poll always has one", question)
        if _parameter(target, "filter") != _parameter(question.target, "filter"):
            raise unbelievable("the link to the next page asks for other events", question)
        return target


def log_filters(okta_app_id: str, types: Mapping[str, Sequence[str]] = EVENT_TYPES) -> dict[str, str]:
    """Return the filter of each clause, in the form that Okta's support uses: no lists, and nothing but `eq`."""
    filters = {clause: " or ".join(f'eventType eq "{one}"' for one in names) for clause, names in types.items()}
    of_app = f'target.id eq "{okta_app_id}" and target.type eq "AppInstance"'
    return filters | {MEMBERSHIP: f"{of_app} and ({filters[MEMBERSHIP]})"}


def open_event_log(
    settings: OktaSettings,
    *,
    announce: Announce,
    patience: Patience | None = None,
    limit: int = LARGEST_LOG_PAGE,
    types: Mapping[str, Sequence[str]] = EVENT_TYPES,
) -> OktaEventLog:
    """Return the log for one poll; no request is sent yet. It asks for a token of its own, with its one scope.

    `types` are the types of events that each clause asks for.

    Raises `SourceUnhealthyError` when the private key cannot be read.
    """
    from syncd.okta_source.executor import OktaExecutor  # noqa: PLC0415 - the SDK takes most of a second to import

    own = replace(settings, scopes=SCOPES)
    executor = OktaExecutor(own)
    return OktaEventLog(own, executor, OktaClient(executor, own, announce, patience or Patience()), limit, types)


def _read_events(document: list[Any], question: Question) -> tuple[LogEvent, ...]:
    try:
        return tuple(map(read_event, document))
    except RowError as error:
        raise unbelievable(str(error), question) from None


def _date(answer: Answer, question: Question) -> datetime:
    moment = moment_of(answer.headers)
    if moment is None:
        raise unbelievable("the answer does not say what time it is", question)
    return moment


def _limit_of(target: str) -> int:
    limit = _parameter(target, "limit") or ""
    return int(limit) if limit.isascii() and limit.isdecimal() else _OKTAS_LIMIT


def _parameter(target: str, name: str) -> str | None:
    return next(iter(parse_qs(target.partition("?")[2]).get(name, ())), None)
