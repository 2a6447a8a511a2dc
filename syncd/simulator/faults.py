"""Faults on demand: which ones there are, and the rules that say when they strike."""

from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any, Final, Generic, TypeVar

from syncd.simulator.jobs import Operation

ASSIGNMENTS: Final = "/api/v1/apps/*/users"


class RequestFault(StrEnum):
    """What can go wrong with a request to the Management API. `page_faults` says what each one does."""

    # Instead of an answer.
    DROPPED = "dropped"
    HANG = "hang"
    SERVER_ERROR = "server-error"
    BAD_GATEWAY_EMPTY = "bad-gateway-empty"
    BAD_GATEWAY_HTML = "bad-gateway-html"
    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate-limited"
    CONCURRENCY_LIMITED = "concurrency-limited"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    # The answer, with a body that says nothing or half.
    EMPTY_BODY = "empty-body"
    TRUNCATED_JSON = "truncated-json"
    CUT_SHORT = "cut-short"
    HTML = "html"
    EMPTY_OBJECT = "empty-object"
    NULL = "null"
    # A listing that is not what it should be.
    EMPTY_LISTING = "empty-listing"
    EMPTY_PAGE = "empty-page"
    DUPLICATED_PAGE = "duplicated-page"
    UNKNOWN_STATUS = "unknown-status"
    UNKNOWN_USER_STATUS = "unknown-user-status"
    ROW_WITHOUT_ID = "row-without-id"
    ROW_NULL = "row-null"
    # A listing whose links are not what most clients expect.
    LOST_LINK = "lost-link"
    NEXT_ONLY = "next-only"
    NEXT_BEFORE_SELF = "next-before-self"
    JOINED_LINKS = "joined-links"
    COMMA_IN_LINK = "comma-in-link"
    PLUS_IN_CURSOR = "plus-in-cursor"
    LOST_PARAMETERS = "lost-parameters"
    NEXT_IS_SELF = "next-is-self"
    NEXT_IS_ELSEWHERE = "next-is-elsewhere"


class PushFault(StrEnum):
    """What can go wrong with a push. `push_faults` says what each one does."""

    LOST = "lost"
    ANSWER_LOST = "answer-lost"
    SERVER_ERROR = "server-error"
    BAD_GATEWAY_HTML = "bad-gateway-html"
    EMPTY_BODY = "empty-body"
    TRUNCATED_JSON = "truncated-json"
    RATE_LIMITED = "rate-limited"
    RATE_LIMITED_FOREVER = "rate-limited-forever"


@dataclass(slots=True, eq=False)
class RequestRule:
    """Strikes requests whose method and path match; `page` counts a listing's pages from 1, None is any.

    `remaining` is how often it still strikes; None is for ever. `seconds` is how long a hang lasts, or how far away the
    reset of a rate limit is.
    """

    kind: RequestFault
    path: str = ASSIGNMENTS
    page: int | None = None
    method: str = "GET"
    remaining: int | None = 1
    seconds: float | None = None

    def strikes(self, method: str, path: str, page: int) -> bool:
        """Return whether this rule is about that request."""
        return method == self.method and self.page in {None, page} and fnmatchcase(path, self.path)


@dataclass(slots=True, eq=False)
class PushRule:
    """Strikes jobs of that operation and that user or group; None is any. `remaining` as in `RequestRule`."""

    kind: PushFault
    operation: Operation | None = None
    target_id: str | None = None
    remaining: int | None = 1

    def strikes(self, operation: Operation, target_id: str) -> bool:
        """Return whether this rule is about that job."""
        return self.operation in {None, operation} and self.target_id in {None, target_id}


Rule = TypeVar("Rule", RequestRule, PushRule)


@dataclass(slots=True)
class _Rules(Generic[Rule]):
    """Rules in the order they were made; the first that strikes is used up a little."""

    rules: list[Rule] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def take(self, *subject: Any) -> Rule | None:
        with self.lock:
            rule = next((rule for rule in self.rules if rule.strikes(*subject)), None)
            if rule is not None and rule.remaining is not None:
                rule.remaining -= 1
                if rule.remaining <= 0:
                    self.rules.remove(rule)
            return rule


class Faults:
    """The rules in force. Safe to use from several threads."""

    def __init__(self) -> None:
        self._requests: _Rules[RequestRule] = _Rules()
        self._pushes: _Rules[PushRule] = _Rules()

    def on_page(
        self,
        kind: RequestFault | str,
        page: int,
        *,
        path: str = ASSIGNMENTS,
        times: int | None = 1,
        seconds: float | None = None,
    ) -> RequestRule:
        """Let page `page` of a listing fail `times` times (None: for ever). `path` may hold `*`."""
        return self.add(RequestRule(RequestFault(kind), path, page, remaining=times, seconds=seconds))

    def on_request(
        self,
        kind: RequestFault | str,
        path: str,
        *,
        method: str = "GET",
        times: int | None = 1,
        seconds: float | None = None,
    ) -> RequestRule:
        """Let requests to `path` fail, listings on every page included."""
        return self.add(RequestRule(RequestFault(kind), path, None, method, times, seconds))

    def on_push(
        self,
        kind: PushFault | str,
        *,
        times: int | None = 1,
        operation: Operation | str | None = None,
        target_id: str | None = None,
    ) -> PushRule:
        """Let the next pushes of that operation about that user or group fail. Pushes queued before are not struck."""
        chosen = None if operation is None else Operation(operation)
        return self.add(PushRule(PushFault(kind), chosen, target_id, times))

    def add(self, rule: Rule) -> Rule:
        """Put a rule in force and return it."""
        rules = self._rules_of(rule)
        with rules.lock:
            rules.rules.append(rule)
        return rule

    def remove(self, rule: RequestRule | PushRule) -> None:
        """Take a rule out of force; one that is used up already is no mistake."""
        rules = self._rules_of(rule)
        with rules.lock:
            if rule in rules.rules:
                rules.rules.remove(rule)

    def clear(self) -> None:
        """Take every rule out of force."""
        for rule in self.in_force():
            self.remove(rule)

    def in_force(self) -> tuple[RequestRule | PushRule, ...]:
        """Return the rules that can still strike."""
        return (*self._requests.rules, *self._pushes.rules)

    def _rules_of(self, rule: RequestRule | PushRule) -> "_Rules[Any]":
        return self._requests if isinstance(rule, RequestRule) else self._pushes

    def for_request(self, method: str, path: str, page: int) -> RequestRule | None:
        """Return the rule that strikes this request, and count that it did."""
        return self._requests.take(method, path, page)

    def for_push(self, operation: Operation, target_id: str) -> PushFault | None:
        """Return the fault that strikes this job, and count that it did."""
        rule = self._pushes.take(operation, target_id)
        return None if rule is None else rule.kind
