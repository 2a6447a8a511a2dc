"""Bearer tokens: made here once, recognised by their SHA-256 (RFC 6750).

A token is 256 random bits, so a plain digest is enough: there is nothing to guess, and a slow one would let anybody
keep the server busy.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

from syncd.ports import EVERYTHING, Clock, Grant, TokenRecord

PREFIX: Final = "syncd_"
"""Lets scanners of source code and logs recognise a token that got lost."""

_RANDOM_BYTES: Final = 32
_LONGEST_HEADER: Final = 512
_CREDENTIALS: Final = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: the application that the token belongs to, which of its tokens, and what it allows."""

    app: str
    token_id: str
    grant: Grant = EVERYTHING

    @property
    def actor(self) -> str:
        """The name under which the audit trail knows who asked."""
        return f"token:{self.token_id}"


def mint() -> str:
    """Return a new token. It is shown once and never stored."""
    return PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def digest(token: str) -> bytes:
    """Return the SHA-256 under which a token is stored."""
    return hashlib.sha256(token.encode()).digest()


def presented_digest(header: str | None) -> bytes | None:
    """Return the SHA-256 of the one bearer token in an Authorization header, or None where there is no such thing."""
    if header is None or len(header) > _LONGEST_HEADER:
        return None
    credentials = _CREDENTIALS.fullmatch(header)
    return digest(credentials[1]) if credentials else None


def principal_of(record: TokenRecord | None, presented: bytes, clock: Clock) -> Principal | None:
    """Return who presents a token, by its record, or None: unknown, another one's, revoked or expired."""
    if record is None or not hmac.compare_digest(record.digest, presented) or record.revoked is not None:
        return None
    if record.expires is not None and clock.now() >= record.expires:
        return None
    return Principal(record.app, record.token_id, record.grant)
