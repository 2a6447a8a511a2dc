"""Who gets in, and how often: tokens looked up at most once a second, and two kinds of haste slowed down.

Nothing here is shared between processes.
"""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from scim.errors import TooManyRequests
from syncd.ports import Clock, TokenRecord, TokenStore
from syncd.web.buckets import Buckets, whole_seconds
from syncd.web.tokens import Principal, presented_digest, principal_of

FRESH_SECONDS: Final = 1.0
"""For how long what the store said of a token is believed: a token that is revoked works no longer than that."""

_MOST_KNOWN: Final = 256
_MOMENT_SECONDS: Final = 0.1
_NETWORK_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class GateLimits:
    """How often somebody may ask; 0 stands for no limit.

    `requests_per_second` and `burst` are for each token in this process; `failures_per_minute` is how many unknown
    tokens one address may present before it has to wait.
    """

    requests_per_second: float = 0.0
    burst: float = 1.0
    failures_per_minute: float = 10.0


DEFAULT_GATE_LIMITS: Final = GateLimits()


class Gate:
    """Recognises tokens. May be used by any number of threads."""

    def __init__(self, tokens: TokenStore, clock: Clock, limits: GateLimits, monotonic: Callable[[], float]) -> None:
        self._tokens = tokens
        self._clock = clock
        self._monotonic = monotonic
        self._requests = Buckets(limits.requests_per_second, limits.burst, monotonic)
        self._failures = Buckets(limits.failures_per_minute / 60, limits.failures_per_minute, monotonic)
        self._known: dict[bytes, tuple[TokenRecord, float]] = {}
        self._lock = Lock()

    def admit(self, header: str | None, address: str) -> Principal | None:
        """Return who sends this Authorization header, or None: the answer is the same for every reason.

        Raises `TooManyRequests` when the token, or the address with unknown tokens, comes too often. A token that was
        valid here before never waits for what others at its address do: behind a proxy all have the same.
        """
        presented = presented_digest(header)
        if presented is None:
            return None
        principal = principal_of(self._record(presented, address), presented, self._clock)
        if principal is None:
            self._failures.take(_network(address))
            return None
        if seconds := self._requests.take(presented):
            raise TooManyRequests("This token is used too often; nothing was done.", whole_seconds(seconds))
        return principal

    def knows(self, header: str | None) -> bool:
        """Return whether the store need not be asked for the token in this Authorization header, for a moment yet."""
        presented = presented_digest(header)
        known = None if presented is None else self._known.get(presented)
        return known is not None and self._monotonic() + _MOMENT_SECONDS < known[1]

    def _record(self, presented: bytes, address: str) -> TokenRecord | None:
        """Return what the store says of a token now, or said less than a second ago."""
        known = self._known.get(presented)
        if known and self._monotonic() < known[1]:
            return known[0]
        if known is None and (seconds := self._failures.wait(_network(address))):
            raise TooManyRequests("Too many wrong tokens from this address.", whole_seconds(seconds))
        asked = self._monotonic()
        record = self._tokens.find_token(presented)
        with self._lock:
            self._known.pop(presented, None)
            if principal_of(record, presented, self._clock) is not None and record is not None:
                self._known[presented] = (record, asked + FRESH_SECONDS)
                while len(self._known) > _MOST_KNOWN:
                    del self._known[next(iter(self._known))]
        return record


def _network(address: str) -> str:
    """Return what counts as one address: of IPv6, the network that a single customer has."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address.partition("%")[0], _NETWORK_BITS), strict=False))
    except ValueError:
        return address
