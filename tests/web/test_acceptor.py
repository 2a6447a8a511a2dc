"""A process goes on taking connections whatever befell one of them, and lets those come first who have fewer."""

import asyncio
import errno
import socket
from typing import Any

import pytest

from syncd.web.acceptor import Acceptor


class Unlucky(socket.socket):
    """A listening socket whose first `accept` fails."""

    error = errno.EPERM
    failed = False

    def accept(self) -> tuple[socket.socket, Any]:
        if not self.failed:
            self.failed = True
            raise OSError(self.error, "on purpose")
        return super().accept()


class Greeting(asyncio.Protocol):
    """Sends a word to whoever connects."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"hello")
        transport.close()


@pytest.mark.parametrize("error", [errno.EPERM, errno.EPROTO, errno.ENETUNREACH])
def test_a_connection_that_cannot_be_taken_is_told_and_does_not_end_the_taking(error: int) -> None:
    told: list[dict[str, Any]] = []

    async def scenario() -> bytes:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(context))
        listener = Unlucky()
        listener.error = error
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        acceptor = Acceptor(loop, listener, Greeting, None, lambda: 0)
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        greeting = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        acceptor.close()
        await acceptor.wait_closed()
        assert listener.fileno() == -1
        return greeting

    assert asyncio.run(scenario()) == b"hello"
    assert [context["exception"].errno for context in told] == [error]
