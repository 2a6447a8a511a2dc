"""A seal for tests of the library: it binds what it is given, and hides nothing."""

import base64
import binascii
import hashlib

from scim.errors import ExpiredCursor, InvalidCursor


class PlainSeal:
    """Cursors that are good until `expire` is called."""

    timeout = 60

    def __init__(self) -> None:
        self._epoch = b"0"

    def expire(self) -> None:
        self._epoch += b"0"

    def seal(self, content: bytes, context: bytes) -> str:
        return base64.urlsafe_b64encode(self._epoch + b"|" + self._bound(content, context)).decode().rstrip("=")

    def open(self, cursor: str, context: bytes) -> bytes:
        try:
            epoch, _, bound = base64.urlsafe_b64decode(cursor + "==").partition(b"|")
        except binascii.Error:
            raise InvalidCursor("no cursor") from None
        content = bound[32:]
        if self._bound(content, context) != bound:
            raise InvalidCursor("another context")
        if epoch != self._epoch:
            raise ExpiredCursor("old")
        return content

    def _bound(self, content: bytes, context: bytes) -> bytes:
        return hashlib.sha256(content + context).digest() + content
