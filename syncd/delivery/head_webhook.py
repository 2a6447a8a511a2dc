"""Heads of the audit log to a receiver of the operator's, signed as the other webhook is (Standard Webhooks 1.0)."""

import base64
import ssl
from hashlib import sha256
from typing import Final

import orjson

from syncd.core.checkpoints import Checkpoint
from syncd.core.notes import Note, NoteError
from syncd.delivery.in_time import LONGEST, within
from syncd.delivery.posting import PATIENCE, Patience, Poster
from syncd.delivery.webhook import key_of, signed_headers
from syncd.notifying import NotDeliveredError
from syncd.ports import Clock
from syncd.ports.audit import OutsideError

_CHANNEL: Final = "head webhook"
_FORMAT: Final = "syncd-audit-head/1"


class HeadWebhook:
    """Posts each checkpoint as JSON: its note as it was signed, and what the note says."""

    def __init__(
        self,
        url: str,
        secret: str,
        clock: Clock,
        *,
        patience: Patience = PATIENCE,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """Take what `Webhook` takes. Raises ValueError for a secret that is none."""
        self._poster = Poster(_CHANNEL, url, patience, trust)
        self._key, self._clock = key_of(secret), clock

    def publish(self, note: str) -> None:
        """Post a checkpoint's note. A note that is posted again has the same id. Raises `OutsideError`."""
        try:
            checkpoint = Checkpoint.of(Note.parse(note))
        except NoteError as error:
            raise OutsideError(f"what was to be told outside is no checkpoint: {error}") from error
        now = self._clock.now()
        body = orjson.dumps(
            {
                "format": _FORMAT,
                "origin": checkpoint.origin,
                "size": checkpoint.size,
                "root": base64.b64encode(checkpoint.root).decode(),
                "at": now.isoformat(),
                "note": note,
            }
        )
        headers = signed_headers(self._key, f"head-{sha256(note.encode()).hexdigest()[:32]}", now, body)
        try:
            within(LONGEST, _CHANNEL, lambda: self._poster.post(body, headers))
        except NotDeliveredError as error:
            raise OutsideError(str(error)) from None
        except TimeoutError:
            raise OutsideError(
                f"{_CHANNEL}: not taken within {LONGEST:g} seconds. See what the receiver does"
            ) from None
