"""What came back for one request, and what it amounts to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, Final

import orjson

NOT_FOUND: Final = "E0000007"  # Okta's "Resource not found"; another 404 was not said by the Management API


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response, or the failure that came instead of one.

    `status` is 0 when there was none, and `failure` then says what happened, without a secret. `headers` are keyed in
    lower case, all values of each. `of_token` means that the answer is the token endpoint's: the request itself was
    never sent.
    """

    status: int
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    failure: str | None = None
    of_token: bool = False

    def header(self, name: str) -> str | None:
        """Return the first value of a header, given in lower case, or None."""
        return next(iter(self.headers.get(name, ())), None)

    @property
    def request_id(self) -> str | None:
        """Okta's name for this exchange, which its support asks for."""
        return self.header("x-okta-request-id")

    @property
    def media_type(self) -> str:
        """The media type without parameters, in lower case; empty when none was sent."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()


class Verdict(Enum):
    """What to do about an answer."""

    ACCEPTED = auto()
    MISSING = auto()
    UNAUTHORIZED = auto()
    LIMITED = auto()
    TRY_AGAIN = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer's verdict. `document` is its JSON where it could be read; `flaw` says in words what was wrong."""

    verdict: Verdict
    document: Any = None
    flaw: str = ""


_BY_STATUS: Final[Mapping[int, Verdict]] = {
    HTTPStatus.UNAUTHORIZED: Verdict.UNAUTHORIZED,
    HTTPStatus.REQUEST_TIMEOUT: Verdict.TRY_AGAIN,
    HTTPStatus.TOO_MANY_REQUESTS: Verdict.LIMITED,
}
_SHAPES: Final[Mapping[type, str]] = {list: "a list", dict: "an object"}


def judge(answer: Answer, shape: type) -> Reading:
    """Return what an answer amounts to when JSON of that shape (`list` or `dict`) was asked for.

    Only status 200 with a JSON media type and JSON of that shape is ACCEPTED: the SDK, and proxies in between, turn
    failures into empty and HTML bodies under any status. MISSING is Okta's own word that there is no such thing.
    """
    if answer.status == 0:
        return Reading(Verdict.TRY_AGAIN, flaw=answer.failure or "no answer")
    document, flaw = _read_json(answer)
    if answer.of_token:
        return Reading(_judge_token(answer.status), document, flaw or f"HTTP {answer.status}")
    if answer.status != HTTPStatus.OK:
        return Reading(_judge_status(answer.status, document), document, flaw=f"HTTP {answer.status}")
    if not flaw and not isinstance(document, shape):
        flaw = f"HTTP 200 with JSON that is not {_SHAPES[shape]}"
    return Reading(Verdict.TRY_AGAIN if flaw else Verdict.ACCEPTED, document, flaw)


def _judge_token(status: int) -> Verdict:
    if status == HTTPStatus.OK:
        return Verdict.TRY_AGAIN
    verdict = _judge_status(status, None)
    return Verdict.REFUSED if verdict is Verdict.UNAUTHORIZED else verdict


def _judge_status(status: int, document: Any) -> Verdict:
    if status == HTTPStatus.NOT_FOUND and error_code(document) == NOT_FOUND:
        return Verdict.MISSING
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Verdict.TRY_AGAIN
    return _BY_STATUS.get(status, Verdict.REFUSED)


def _read_json(answer: Answer) -> tuple[Any, str]:
    said = f"HTTP {answer.status} with"
    if not answer.body:
        return None, f"{said} an empty body"
    if answer.media_type != "application/json":
        return None, f"{said} {answer.media_type or 'no media type'} instead of JSON"
    try:
        return orjson.loads(answer.body), ""
    except orjson.JSONDecodeError:
        return None, f"{said} JSON that breaks off or is damaged"


def error_code(document: Any) -> str | None:
    """Return the code of an error body: Okta's `errorCode`, or the `error` of RFC 6749 section 5.2."""
    if not isinstance(document, dict):
        return None
    code = document.get("errorCode") or document.get("error")
    return code if isinstance(code, str) else None


def error_summary(document: Any) -> str:
    """Return what an error body tells people, on one line and at most 200 characters; empty when it tells nothing."""
    if not isinstance(document, dict):
        return ""
    text = document.get("errorSummary") or document.get("error_description")
    return "".join(filter(str.isprintable, " ".join(text.split())))[:200] if isinstance(text, str) else ""
