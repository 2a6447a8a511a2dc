"""Taking connections beside other processes, so that each process gets its share.

All of them wait at the same listening socket, and whichever is awake takes what comes. Clients keep their connections,
so that one process would do the work while the others sleep. Hence a process with connections waits a moment for each
of them before it takes another one; what it leaves is for those that have fewer.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

_MOMENT_SECONDS: Final = 0.0005
_LONGEST_SECONDS: Final = 0.005
_OUT_OF_FILES_SECONDS: Final = 1.0
_OUT_OF_FILES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Acceptor:
    """Serves one listening socket. It is what the loop's `create_server` returns, as far as that is used."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listener: socket.socket,
        protocol: Callable[[], asyncio.BaseProtocol],
        tls: ssl.SSLContext | None,
        connections: Callable[[], int],
    ) -> None:
        """Begin. `connections` tells how many this process has; 0 where it is alone, which makes it wait for nobody."""
        self._loop = loop
        self._listener = listener
        self._protocol = protocol
        self._tls = tls
        self._connections = connections
        self._beginning: set[asyncio.Task[None]] = set()
        listener.setblocking(False)
        self._serving = loop.create_task(self._serve())

    def close(self) -> None:
        """Take no more connections. Those that are there stay."""
        self._serving.cancel()

    async def wait_closed(self) -> None:
        """Wait until no more are taken."""
        with suppress(asyncio.CancelledError):
            await self._serving

    async def _serve(self) -> None:
        with self._listener:
            while True:
                await self._readable()
                if pause := min(self._connections() * _MOMENT_SECONDS, _LONGEST_SECONDS):
                    await asyncio.sleep(pause)
                try:
                    connection, _ = self._listener.accept()
                except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                    continue
                except OSError as error:
                    await self._recover(error)
                    continue
                beginning = self._loop.create_task(self._begin(connection))
                self._beginning.add(beginning)
                beginning.add_done_callback(self._beginning.discard)

    async def _recover(self, error: OSError) -> None:
        """Tell of a failure and wait a little: also what befell one waiting connection is an error here (accept(2))."""
        self._loop.call_exception_handler({"message": "A connection could not be taken", "exception": error})
        await asyncio.sleep(_OUT_OF_FILES_SECONDS if error.errno in _OUT_OF_FILES else _LONGEST_SECONDS)

    async def _readable(self) -> None:
        """Wait for a connection to take."""
        ready: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(self._listener, _set, ready)
        try:
            await ready
        finally:
            self._loop.remove_reader(self._listener)

    async def _begin(self, connection: socket.socket) -> None:
        """Give a connection its protocol. One that does not come to that was broken off, or spoke no TLS."""
        connection.setblocking(False)
        with suppress(OSError):
            await self._loop.connect_accepted_socket(self._protocol, connection, ssl=self._tls)


class SharingLoop(asyncio.SelectorEventLoop):
    """An event loop whose servers share their listening sockets with other processes."""

    def __init__(self, connections: Callable[[], int]) -> None:
        super().__init__()
        self._count_connections = connections

    async def create_server(  # type: ignore[override] # the one way in which it is called
        self, protocol_factory: Callable[[], Any], *, sock: socket.socket, ssl: ssl.SSLContext | None, **_: Any
    ) -> Acceptor:
        """Serve a listening socket."""
        return Acceptor(self, sock, protocol_factory, ssl, self._count_connections)


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
