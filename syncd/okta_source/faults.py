"""What an answer that cannot be used means to the operator, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, NamedTuple

from syncd.okta_source.answers import Answer, Reading, Verdict, error_code, error_summary
from syncd.okta_source.pacing import Bucket
from syncd.ports import CursorLostError, SourceFault, SourceUnhealthyError


@dataclass(frozen=True, slots=True)
class Question:
    """One GET: the path with its query as sent, whose count it goes on, and the JSON it should bring.

    `label` tells people which one it is ("page 120"). With `may_be_missing`, Okta's 404 is an answer and no fault. With
    `from_cursor`, its 400 says that it does not accept the cursor.
    """

    target: str
    bucket: Bucket
    label: str
    shape: type
    may_be_missing: bool = False
    from_cursor: bool = False

    @property
    def where(self) -> str:
        """The request without its query, which may hold a cursor."""
        return f"GET {self.target.partition('?')[0]}, {self.label}"


class Cause(NamedTuple):
    """A kind of fault with the remedy it has."""

    fault: SourceFault
    remedy: str


NO_ANSWER: Final = Cause(
    SourceFault.UNREACHABLE, "Check org_url, the network, the proxy setting and Okta's status page, then retry"
)
REDIRECTED: Final = Cause(
    SourceFault.UNREACHABLE, "Correct org_url: redirects are not followed, so that no token goes astray"
)
NOT_OKTA: Final = Cause(
    SourceFault.UNREACHABLE, "Check org_url and okta_app_id: this is not how Okta's Management API answers"
)
UNREADABLE: Final = Cause(
    SourceFault.LISTING, "Nothing was concluded from it. Retry; if it stays, look at what stands between here and Okta"
)
CREDENTIAL: Final = Cause(
    SourceFault.CREDENTIAL,
    "Make a new API token in the Okta admin console (Security, API, Tokens) and configure it; with a private key, see "
    "whether the API service application is still active there",
)
CLIENT: Final = Cause(
    SourceFault.CREDENTIAL,
    "Check client_id, key_id and private_key against the API service application in Okta, and this machine's clock",
)
DPOP: Final = Cause(SourceFault.CREDENTIAL, "Set dpop = true: the API service application requires proof of possession")
SCOPE: Final = Cause(
    SourceFault.PERMISSION,
    "Grant okta.apps.read and okta.users.read, and okta.groups.read where groups = true, to the API service "
    "application in Okta",
)
FORBIDDEN: Final = Cause(
    SourceFault.PERMISSION,
    "Grant the scope okta.apps.read, and an admin role whose resource set holds this application and its users",
)
NO_APP: Final = Cause(
    SourceFault.APP, "Correct okta_app_id: it stands in the address of the application's page in the admin console"
)
RATE_LIMIT: Final = Cause(
    SourceFault.RATE_LIMIT, "Run again later, or raise this credential's share of the limit in the Okta admin console"
)

LOG_SCOPE: Final = Cause(
    SourceFault.PERMISSION,
    "Grant okta.logs.read to the API service application in Okta, or set okta.poll_seconds = 0 to do without the log",
)
LOG_FORBIDDEN: Final = Cause(
    SourceFault.PERMISSION,
    "Grant the scope okta.logs.read and an admin role that may view the System Log, or set okta.poll_seconds = 0",
)

_OF_LOG: Final[Mapping[Cause, Cause]] = {SCOPE: LOG_SCOPE, FORBIDDEN: LOG_FORBIDDEN}
_OF_API: Final[Mapping[int, Cause]] = {
    HTTPStatus.UNAUTHORIZED: CREDENTIAL,
    HTTPStatus.FORBIDDEN: FORBIDDEN,
    HTTPStatus.NOT_FOUND: NOT_OKTA,
    HTTPStatus.TOO_MANY_REQUESTS: RATE_LIMIT,
}
_OF_TOKEN: Final[Mapping[int | str, Cause]] = {
    HTTPStatus.NOT_FOUND: NOT_OKTA,
    HTTPStatus.TOO_MANY_REQUESTS: RATE_LIMIT,
    "invalid_scope": SCOPE,
    "access_denied": SCOPE,
    "invalid_dpop_proof": DPOP,
    "use_dpop_nonce": DPOP,
}
"""The token endpoint's answers: by the error code of RFC 6749 and RFC 9449, or by status."""


def explain(answer: Answer, reading: Reading, question: Question) -> SourceUnhealthyError:
    """Return the error that says why `question` has no usable answer."""
    cause = _cause_of(answer, reading)
    if question.bucket is Bucket.LOGS:
        cause = _OF_LOG.get(cause, cause)
    return SourceUnhealthyError(cause.fault, _told(answer, reading), where=question.where, remedy=cause.remedy)


def lost_cursor(answer: Answer, reading: Reading, question: Question) -> CursorLostError | None:
    """Return the error that says that Okta does not accept the cursor of `question`, or None where it does not say so.

    Okta tells that by a 400 of its own, and no code says which of the parameters it is about.
    """
    refused = answer.status == HTTPStatus.BAD_REQUEST and error_code(reading.document) is not None
    if not question.from_cursor or answer.of_token or not refused:
        return None
    return CursorLostError(_told(answer, reading), where=question.where)


def _told(answer: Answer, reading: Reading) -> str:
    said = error_summary(reading.document)
    details = [f"Okta said {said!r}"] if said else []
    details += [f"request id {answer.request_id}"] if answer.request_id else []
    flaw = f"no access token: {reading.flaw}" if answer.of_token else reading.flaw
    return f"{flaw} ({', '.join(details)})" if details else flaw


def unbelievable(what: str, question: Question, remedy: str = UNREADABLE.remedy) -> SourceUnhealthyError:
    """Return the error for an answer that reads well and cannot be right."""
    return SourceUnhealthyError(SourceFault.LISTING, what, where=question.where, remedy=remedy)


def _cause_of(answer: Answer, reading: Reading) -> Cause:
    if reading.verdict is Verdict.TRY_AGAIN:
        return UNREADABLE if answer.status == HTTPStatus.OK else NO_ANSWER
    if reading.verdict is Verdict.MISSING:
        return NO_APP
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        return REDIRECTED
    if answer.of_token:
        code = error_code(reading.document) or ""
        return _OF_TOKEN.get(code) or _OF_TOKEN.get(answer.status, CLIENT)
    return _OF_API.get(answer.status, UNREADABLE)
