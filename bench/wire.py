"""HTTP/1.1 over one kept connection, cheap enough that on two cores the client is not what is measured.

Only servers on 127.0.0.1 can be asked. A connection has one request on its way at most.
"""

import asyncio
from typing import Final, NamedTuple, cast

HOST: Final = "127.0.0.1"
_END_OF_HEAD: Final = b"\r\n\r\n"
_NO_BODY: Final = frozenset({204, 304})


class Answer(NamedTuple):
    """A response: its status and its body."""

    status: int
    body: bytes


class Connection:
    """A connection that is opened when it is needed, and again when the server has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._line: _Line | None = None

    async def exchange(self, request: bytes, patience: float) -> Answer:
        """Send a request and return the answer.

        A connection that turns out to be closed before the first byte of the answer is opened anew, once. Raises
        TimeoutError when the answer is not whole after `patience` seconds, and ConnectionError.
        """
        async with asyncio.timeout(patience):
            line = self._line
            if line and line.is_open:
                try:
                    return await line.exchange(request)
                except ConnectionError:
                    if line.has_begun:
                        raise
            return await (await self._open()).exchange(request)

    def close(self) -> None:
        """Close the connection."""
        if self._line:
            self._line.close()

    async def _open(self) -> "_Line":
        _, self._line = await asyncio.get_running_loop().create_connection(_Line, HOST, self._port)
        return self._line


class _Line(asyncio.Protocol):
    """One connection, from its opening to its end."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._reader = _Reader()

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent, as far as is known."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def has_begun(self) -> bool:
        """Whether anything of the answer to the last request has come."""
        return self._reader.has_begun

    async def exchange(self, request: bytes) -> Answer:
        """Send a request and return the answer. Raises ConnectionError."""
        if self._transport is None:
            raise ConnectionError("The connection is closed.")
        self._reader = _Reader()
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._waiting
        except asyncio.CancelledError:
            self.close()  # the answer may still come: nothing else may be read from here
            raise

    def close(self) -> None:
        """Close the connection without waiting for anything."""
        if self._transport:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to; called by the loop."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take what the server sent; called by the loop."""
        answer = self._reader.take(data)
        if answer is None or self._waiting is None:
            return
        if self._reader.closes:
            self.close()
        if not self._waiting.done():
            self._waiting.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits; called by the loop."""
        self._transport = None
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(ConnectionError(str(exc or "The server closed the connection.")))


class _Reader:
    """Puts one response together."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._body_at = 0
        self._length: int | None = None
        self._status = 0
        self.closes = False

    @property
    def has_begun(self) -> bool:
        """Whether anything of the response has come."""
        return bool(self._bytes)

    def take(self, data: bytes) -> Answer | None:
        """Add data; return the response when it is whole."""
        self._bytes += data
        if not self._body_at and not self._read_head():
            return None
        if self._length is None:
            return self._chunked()
        end = self._body_at + self._length
        return Answer(self._status, bytes(self._bytes[self._body_at : end])) if len(self._bytes) >= end else None

    def _read_head(self) -> bool:
        end = self._bytes.find(_END_OF_HEAD)
        if end < 0:
            return False
        head = bytes(self._bytes[:end]).lower()
        self._body_at = end + len(_END_OF_HEAD)
        self._status = int(head[9:12])
        self.closes = b"\r\nconnection: close" in head
        _, found, rest = head.partition(b"\r\ncontent-length:")
        if self._status in _NO_BODY:
            self._length = 0
        elif found:
            self._length = int(rest.partition(b"\r\n")[0])
        elif b"\r\ntransfer-encoding: chunked" not in head:
            raise ConnectionError("The response has no length.")
        return True

    def _chunked(self) -> Answer | None:
        if not self._bytes.endswith(b"0\r\n\r\n"):
            return None
        body, position = bytearray(), self._body_at
        while True:
            line_end = self._bytes.find(b"\r\n", position)
            if line_end < 0:
                return None
            size = int(bytes(self._bytes[position:line_end]).partition(b";")[0], 16)
            if size == 0:
                return Answer(self._status, bytes(body))
            start = line_end + 2
            if len(self._bytes) < start + size + 2:
                return None
            body += self._bytes[start : start + size]
            position = start + size + 2
