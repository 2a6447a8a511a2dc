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

from syncd.ports import EVERYTHING, Clock, Grant, TokenRecord, TokenStore

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


def authenticate(header: str | None, store: TokenStore, clock: Clock) -> Principal | None:
    """Return who sends this Authorization header, or None: one bearer token, known, not revoked, not expired.

    The answer is the same None for every reason.
    """
    if header is None or len(header) > _LONGEST_HEADER:
        return None
    credentials = _CREDENTIALS.fullmatch(header)
    if credentials is None:
        return None
    presented = digest(credentials[1])
    record = store.find_token(presented)
    if record is None or not hmac.compare_digest(record.digest, presented) or not _is_valid(record, clock):
        return None
    return Principal(record.app, record.token_id, record.grant)


def _is_valid(record: TokenRecord, clock: Clock) -> bool:
    return record.revoked is None and (record.expires is None or clock.now() < record.expires)
