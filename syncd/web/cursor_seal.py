"""The seal of cursors: AES-GCM with a key that all processes share, so that any of them goes on where another was."""

import base64
import binascii
import os
from collections.abc import Callable
from functools import cached_property
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scim.errors import ExpiredCursor, InvalidCursor
from syncd.ports import Clock

CURSOR_SECONDS: Final = 3600
"""How long a cursor is good for."""

_NONCE_BYTES: Final = 12
_MOMENT_BYTES: Final = 8
_LONGEST: Final = 8192
_NOT_OURS: Final = "The cursor is not one of this list: send it as it came, with the same parameters, or start anew."


class CursorSealer:
    """Seals cursors; see `scim.cursors.CursorSeal`. `key` gives 32 bytes and is asked once, when a cursor is needed."""

    timeout = CURSOR_SECONDS

    def __init__(self, key: Callable[[], bytes], clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def seal(self, content: bytes, context: bytes) -> str:
        """Return the content encrypted, with the moment until which it is good, and bound to the context."""
        nonce = os.urandom(_NONCE_BYTES)
        until = (self._now() + self.timeout).to_bytes(_MOMENT_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, until + content, context)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, cursor: str, context: bytes) -> bytes:
        """Return the content of a cursor. Raises `InvalidCursor` and `ExpiredCursor`."""
        plain = self._opened(cursor, context)
        if int.from_bytes(plain[:_MOMENT_BYTES]) < self._now():
            raise ExpiredCursor(f"The cursor is older than {self.timeout} seconds. Start the list anew.")
        return plain[_MOMENT_BYTES:]

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self._key())

    def _opened(self, cursor: str, context: bytes) -> bytes:
        if len(cursor) > _LONGEST:
            raise InvalidCursor(_NOT_OURS)
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context)
        except (binascii.Error, ValueError, InvalidTag):
            raise InvalidCursor(_NOT_OURS) from None

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
