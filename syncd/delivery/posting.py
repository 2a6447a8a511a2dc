"""One POST to an address of the operator's, and nothing beyond it.

No redirect is followed, no proxy, netrc or cookie is taken from the environment, and only the first bytes of the answer
are read. Errors name neither the address, which may be a secret, nor what was answered.
"""

import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, NamedTuple

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from syncd.notifying import NotDeliveredError

ANSWER_BYTES: Final = 4096
"""How much of an answer is read."""

_CHUNK: Final = 1024
_ASKED: Final = frozenset({429, 503})
"""Answers that may say when to come back (RFC 9110 section 10.2.3)."""


class Patience(NamedTuple):
    """Seconds to wait for a connection, for the next byte, and for the body of an answer."""

    connect: float = 3.0
    read: float = 10.0
    body: float = 10.0


PATIENCE: Final = Patience()


class NoAnswerError(Exception):
    """Nobody answered; `what` is the name of the reason."""

    def __init__(self, what: str) -> None:
        super().__init__(f"no answer ({what})")
        self.what = what


class Answered(NamedTuple):
    """What came back: the status, the headers, and the beginning of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_redirect: bool


class Address:
    """An address that documents are posted to."""

    def __init__(self, url: str, patience: Patience, trust: ssl.SSLContext | None) -> None:
        self._url, self._patience = url, patience
        self._trust = trust or ssl.create_default_context()

    def post(self, body: bytes, headers: Mapping[str, str], most: int = ANSWER_BYTES) -> Answered:
        """Post a document, and return the answer with up to about `most` bytes of its body. Raises `NoAnswerError`."""
        with requests.Session() as session:
            session.trust_env = False
            session.mount("https://", _Trusting(self._trust))
            try:
                return self._post(session, body, headers, most)
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                # Their texts hold the address; so does the chain of causes.
                raise NoAnswerError(type(error).__name__) from None

    def _post(self, session: requests.Session, body: bytes, headers: Mapping[str, str], most: int) -> Answered:
        with session.post(
            self._url,
            data=body,
            headers={"User-Agent": "syncd", **headers},
            timeout=(self._patience.connect, self._patience.read),
            allow_redirects=False,
            stream=True,
        ) as response:
            begun = _beginning(response, time.monotonic() + self._patience.body, most)
            return Answered(response.status_code, response.headers, begun, response.is_redirect)


class Poster:
    """Posts JSON documents to one address, for one channel."""

    def __init__(self, channel: str, url: str, patience: Patience, trust: ssl.SSLContext | None) -> None:
        self._channel, self._address = channel, Address(url, patience, trust)

    def post(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Post a document. Raises `NotDeliveredError` for every answer but 2xx, and for none."""
        try:
            answered = self._address.post(body, {"Content-Type": "application/json", **headers})
        except NoAnswerError as error:
            remedy = "See whether the address is right and reachable from here"
            raise NotDeliveredError(self._channel, str(error), remedy=remedy) from None
        if 200 <= answered.status < 300:  # noqa: PLR2004
            return
        raise NotDeliveredError(
            self._channel,
            f"answered {answered.status}" + (" (redirects are not followed)" if answered.is_redirect else ""),
            remedy="See what the receiver has against it, and whether address and secret are right",
            asked=_asked(answered.status, answered.headers.get("Retry-After")),
        )


class _Trusting(HTTPAdapter):
    """Trusts whom the context trusts, the system's own authorities among them, besides those that requests brings."""

    def __init__(self, trust: ssl.SSLContext) -> None:
        self._trust = trust
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._trust, **kwargs)


def _beginning(response: requests.Response, deadline: float, most: int) -> bytes:
    """Read the beginning of the body, so that the receiver sees its answer taken, and not beyond the deadline."""
    read = bytearray()
    for chunk in response.iter_content(_CHUNK):
        read += chunk
        if len(read) >= most or time.monotonic() >= deadline:
            break
    return bytes(read)


def _asked(status: int, retry_after: str | None) -> timedelta | None:
    with suppress(ValueError, OverflowError):
        if status in _ASKED and retry_after is not None and retry_after.isascii():
            return timedelta(seconds=max(0, int(retry_after)))
    return None
