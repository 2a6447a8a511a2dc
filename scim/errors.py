"""One exception per row of RFC 7644 table 9, and per status of table 8 that a service provider decides itself.

Raise these inside the library; `scim.service` turns them into a response. Any other exception is a bug: the edge
answers 500 without its text.
"""

from typing import ClassVar


class ScimError(Exception):
    """A request that is answered with an error body (RFC 7644 section 3.12).

    `detail` is shown to the administrator of the identity provider: it says what was wrong and what would be right,
    and never carries a secret.
    """

    status: ClassVar[int] = 400
    scim_type: ClassVar[str | None] = None

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class InvalidFilter(ScimError):
    """The filter does not parse, or names an attribute or comparison that the schema does not have."""

    scim_type = "invalidFilter"


class SecretFilter(InvalidFilter):
    """The filter names an attribute that is never returned."""


class Sensitive(ScimError):
    """The request's address holds what does not belong there: it gets into logs (RFC 7644 section 7.5.2)."""

    status = 403
    scim_type = "sensitive"


class InvalidVers(ScimError):
    """The client asks for a version of the protocol that is not served (RFC 7644 section 3.13)."""

    scim_type = "invalidVers"


class TooMany(ScimError):
    """The answer would need more work or more rows than the service provider allows."""

    scim_type = "tooMany"


class Uniqueness(ScimError):
    """A value that must be unique is taken."""

    status = 409
    scim_type = "uniqueness"


class Mutability(ScimError):
    """The change touches an attribute that is read-only, or immutable and already set."""

    scim_type = "mutability"


class InvalidSyntax(ScimError):
    """The body is not JSON, or not shaped as the operation needs it."""

    scim_type = "invalidSyntax"


class InvalidPath(ScimError):
    """A PATCH path or `sortBy` does not parse, or names an attribute that is not there, or not for that."""

    scim_type = "invalidPath"


class NoTarget(ScimError):
    """A PATCH path is well formed and matches nothing that could be changed."""

    scim_type = "noTarget"


class InvalidValue(ScimError):
    """A value is missing, or of another type than the attribute's."""

    scim_type = "invalidValue"


class InvalidCursor(ScimError):
    """The cursor is none of ours, or belongs to another query (RFC 9865 section 2.1)."""

    scim_type = "invalidCursor"


class ExpiredCursor(ScimError):
    """The cursor was good for a while, and is no longer (RFC 9865 section 2.1)."""

    scim_type = "expiredCursor"


class InvalidCount(ScimError):
    """A walk by cursor asks for a page of a size that it cannot have (RFC 9865 section 2.1)."""

    scim_type = "invalidCount"


class Unauthorized(ScimError):
    """No bearer token, or one that is not valid here (RFC 7644 section 2)."""

    status = 401


class Forbidden(ScimError):
    """The token is valid and its scope does not cover this request."""

    status = 403


class TooManyRequests(ScimError):
    """The client asks too often (RFC 6585 section 4). `retry_after` is in whole seconds: Okta takes nothing else."""

    status = 429

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class NotFound(ScimError):
    """No such endpoint or resource."""

    status = 404


class MethodNotAllowed(ScimError):
    """The endpoint exists and does not take this method."""

    status = 405

    def __init__(self, detail: str, allow: tuple[str, ...]) -> None:
        super().__init__(detail)
        self.allow = allow


class Conflict(ScimError):
    """The resource was changed by somebody else between read and write; the client may repeat its request."""

    status = 409


class PreconditionFailed(ScimError):
    """The resource does not have the version that the request counts on (RFC 7644 section 3.14)."""

    status = 412


class PayloadTooLarge(ScimError):
    """The body exceeds the configured size."""

    status = 413


class UnsupportedMediaType(ScimError):
    """The body is neither application/scim+json nor application/json."""

    status = 415


class NotImplementedHere(ScimError):
    """The service provider does not offer this operation (RFC 7644 table 8, 501)."""

    status = 501


class Unavailable(ScimError):
    """The service provider cannot answer now; nothing was written."""

    status = 503
