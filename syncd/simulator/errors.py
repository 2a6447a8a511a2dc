"""Okta's errors: what a request is refused with."""

from typing import Any


class OktaError(Exception):
    """A request that is answered with an error body of the Management API."""

    def __init__(self, status: int, code: str, summary: str, *causes: str) -> None:
        super().__init__(summary)
        self.status, self.code, self.summary, self.causes = status, code, summary, causes

    def body(self, error_id: str) -> dict[str, Any]:
        """Return the JSON body: errorCode, errorSummary, errorLink, errorId and errorCauses."""
        return {
            "errorCode": self.code,
            "errorSummary": self.summary,
            "errorLink": self.code,
            "errorId": error_id,
            "errorCauses": [{"errorSummary": cause} for cause in self.causes],
        }


def invalid(field: str, cause: str) -> OktaError:
    """Return the error for a body or parameter that Okta's validation refuses."""
    return OktaError(400, "E0000001", f"Api validation failed: {field}", f"{field}: {cause}")


def not_found(key: str, kind: str) -> OktaError:
    """Return the error for something that is not there; `kind` is Okta's name of it ("User", "AppInstance")."""
    return OktaError(404, "E0000007", f"Not found: Resource not found: {key} ({kind})")


def invalid_token() -> OktaError:
    """Return the error for a missing, wrong, expired or revoked credential."""
    return OktaError(401, "E0000011", "Invalid token provided")


def forbidden() -> OktaError:
    """Return the error for a credential whose scopes or role do not cover the request."""
    return OktaError(403, "E0000006", "You do not have permission to perform the requested action")


def not_in_this_status() -> OktaError:
    """Return the error for a lifecycle operation that the user's status does not allow."""
    return OktaError(403, "E0000038", "This operation is not allowed in the user's current status.")


def wrong_method() -> OktaError:
    """Return the error for an endpoint that does not take the method."""
    return OktaError(405, "E0000022", "The endpoint does not support the provided HTTP method")


def too_many_requests() -> OktaError:
    """Return the error of a used-up rate limit."""
    return OktaError(429, "E0000047", "API call exceeded rate limit due to too many requests.")


def internal() -> OktaError:
    """Return Okta's internal server error."""
    return OktaError(500, "E0000009", "Internal Server Error")
