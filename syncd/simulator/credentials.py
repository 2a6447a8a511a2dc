"""Who may call the Management API: API tokens, and service apps with an access token of their own (OAuth 2.0).

Nothing here is secret: the org is simulated. A client assertion is read and its signature is not verified.
"""

from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from syncd.simulator.errors import forbidden, invalid_token
from syncd.simulator.exchange import Answer
from syncd.simulator.identifiers import IdFactory

LIFETIME: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _AccessToken:
    scopes: frozenset[str]
    expires: datetime


class Credentials:
    """The API tokens and service apps of an org. Not safe by itself: the org's lock is held around it."""

    def __init__(self, ids: IdFactory, clock: Callable[[], datetime]) -> None:
        self.api_tokens: set[str] = set()
        self.service_apps: dict[str, frozenset[str]] = {}
        self._ids, self._clock = ids, clock
        self._access_tokens: dict[str, _AccessToken] = {}

    def check(self, authorization: str, scope: str | None) -> None:
        """Check an Authorization header against the scope that an endpoint needs (None: an API token only).

        Raises `OktaError` 401 for a credential that is not valid, 403 for one without the scope.
        """
        # Okta's own SDK (3.4.6, typed calls) leaves out the space behind SSWS, and its users are let in.
        if authorization.startswith("SSWS") and authorization.removeprefix("SSWS").strip() in self.api_tokens:
            return
        scheme, _, value = authorization.partition(" ")
        token = self._access_tokens.get(value) if scheme == "Bearer" else None
        if token is None or token.expires <= self._clock():
            raise invalid_token()
        if scope is None or not {scope, scope.replace(".read", ".manage")} & token.scopes:
            raise forbidden()

    def revoke_all(self) -> None:
        """Make every token invalid, as an administrator who rotates them does."""
        self.api_tokens.clear()
        self._access_tokens.clear()

    def token(self, form: bytes) -> Answer:
        """Answer a client_credentials request. A scope that the service app was not granted is left out silently."""
        fields = dict(parse_qsl(form.decode(errors="replace")))
        if fields.get("grant_type") != "client_credentials":
            return _refused(400, "unsupported_grant_type", "The grant type is not client_credentials.")
        granted = self.service_apps.get(str(_claims(fields.get("client_assertion", "")).get("iss")))
        if granted is None:
            return _refused(401, "invalid_client", "The client_assertion names no registered client.")
        scopes = granted & set(fields.get("scope", "").split())
        if not scopes:
            return _refused(400, "invalid_scope", "None of the requested scopes is granted to the client.")
        text = self._ids.make("acc")
        self._access_tokens[text] = _AccessToken(frozenset(scopes), self._clock() + LIFETIME)
        return Answer(
            payload={
                "token_type": "Bearer",
                "expires_in": int(LIFETIME.total_seconds()),
                "access_token": text,
                "scope": " ".join(sorted(scopes)),
            }
        )


def _refused(status: int, error: str, description: str) -> Answer:
    return Answer(status, {"error": error, "error_description": description})


def _claims(assertion: str) -> Mapping[str, Any]:
    """Return the claims of a JWT, unverified; none when it is not readable."""
    _, _, rest = assertion.partition(".")
    encoded = rest.partition(".")[0]
    try:
        claims = orjson.loads(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
