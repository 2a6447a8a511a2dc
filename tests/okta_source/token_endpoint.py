"""Okta's org authorization server for an API service application, as far as the SDK needs it."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tests.okta_source.listing_script import Org
from tests.okta_source.scripted_okta import Request, Response, json_response, okta_error

CLIENT_ID = "0oaServiceApp"
TOKEN_PATH = "/oauth2/v1/token"
BAD_TOKEN = okta_error(401, "E0000011", "Invalid token provided")


def refused(error: str, description: str, status: int = 400) -> Response:
    return json_response({"error": error, "error_description": description}, status)


@dataclass
class SecuredOrg:
    """An org that is read with access tokens of its own token endpoint. Every assertion and proof is verified.

    With `dpop`, tokens are bound to a key, and each endpoint wants a nonce first. `revoked` are tokens no longer good;
    `answers` are given by the token endpoint instead of its own, one after the other.
    """

    org: Org
    key: RSAPublicKey
    dpop: bool = False
    scopes: str = "okta.apps.read okta.users.read"
    revoked: set[str] = field(default_factory=set)
    answers: list[Response] = field(default_factory=list)
    issued: list[str] = field(default_factory=list)
    key_ids: list[str | None] = field(default_factory=list)
    assertions: set[str] = field(default_factory=set)
    token_requests: list[Request] = field(default_factory=list)

    def respond(self, request: Request) -> Response:
        if request.path == TOKEN_PATH:
            self.token_requests.append(request)
            return self.answers.pop(0) if self.answers else self._issue(request)
        scheme, _, token = request.headers["authorization"].partition(" ")
        if scheme != ("DPoP" if self.dpop else "Bearer") or token not in self.issued or token in self.revoked:
            return BAD_TOKEN
        if self.dpop:
            proof = self._proof(request)
            assert proof["ath"] == urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode()
            if proof.get("nonce") != "nonce-of-the-api":
                return refused("use_dpop_nonce", "nonce", 401).having(("DPoP-Nonce", "nonce-of-the-api"))
        return self.org.respond(request)

    def _issue(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        assertion = form["client_assertion"]
        claims = jwt.decode(assertion, self.key, ["RS256"], audience=self.org.url + TOKEN_PATH, issuer=CLIENT_ID)
        assert claims["jti"] not in self.assertions
        assert form["grant_type"] == "client_credentials"
        self.assertions.add(claims["jti"])
        self.key_ids.append(jwt.get_unverified_header(assertion).get("kid"))
        if self.dpop and self._proof(request).get("nonce") != "nonce-of-the-token-endpoint":
            answer = refused("use_dpop_nonce", "Authorization server requires nonce in DPoP proof.")
            return answer.having(("DPoP-Nonce", "nonce-of-the-token-endpoint"))
        self.issued.append(f"access-token-{len(self.issued) + 1}")
        return json_response(
            {
                "access_token": self.issued[-1],
                "token_type": "DPoP" if self.dpop else "Bearer",
                "expires_in": 3600,
                "scope": self.scopes,
            }
        )

    def _proof(self, request: Request) -> dict[str, Any]:
        proof = request.headers["dpop"]
        key = jwt.PyJWK(jwt.get_unverified_header(proof)["jwk"], "RS256")
        claims: dict[str, Any] = jwt.decode(proof, key, ["RS256"])
        assert (claims["htm"], claims["htu"]) == (request.method, self.org.url + request.path)
        return claims
