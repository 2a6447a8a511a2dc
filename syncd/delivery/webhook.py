"""A webhook of the operator's own, signed as Standard Webhooks 1.0 has it.

The receiver recomputes HMAC-SHA256 over `id.timestamp.body` with the shared secret, refuses what is older than a few
minutes, and drops an id that it has seen: the same message may be sent more than once.
"""

import base64
import hashlib
import hmac
import ssl
from datetime import datetime
from typing import Final

import orjson

from syncd.core.messages import Message
from syncd.delivery.posting import PATIENCE, Patience, Poster
from syncd.ports import Clock

_ENCODED: Final = "whsec_"
"""How a secret begins that is written in base64, as Standard Webhooks writes it."""


class Webhook:
    """Posts messages as JSON; see `syncd.notifying.Notifier`."""

    channel: Final = "webhook"

    def __init__(
        self,
        url: str,
        secret: str,
        clock: Clock,
        *,
        patience: Patience = PATIENCE,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """Take an https address, or an http one of this machine, and the shared secret.

        `trust` says whose certificates are taken; by default those that the system takes. Raises ValueError for a
        secret that is none.
        """
        self._poster = Poster(self.channel, url, patience, trust)
        self._key, self._clock = key_of(secret), clock

    def send(self, message: Message) -> None:
        """Post the message. Raises `NotDeliveredError`."""
        body = orjson.dumps(message.as_json())
        self._poster.post(body, signed_headers(self._key, message.id, self._clock.now(), body))


def signed_headers(key: bytes, message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """Return the headers by which a receiver knows who sent the body, and when."""
    stamp = str(int(now.timestamp()))
    signature = sign(key, message_id, stamp, body)
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signature}


def sign(key: bytes, message_id: str, stamp: str, body: bytes) -> str:
    """Return the signature of a message as its header carries it. `stamp` is in seconds since 1970."""
    signed = b".".join((message_id.encode(), stamp.encode(), body))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


def key_of(secret: str) -> bytes:
    """Return the bytes of a secret: what follows "whsec_" is base64, anything else stands for itself.

    Raises ValueError when it is no base64.
    """
    if secret.startswith(_ENCODED):
        return base64.b64decode(secret.removeprefix(_ENCODED), validate=True)
    return secret.encode()
