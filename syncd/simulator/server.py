"""The wire: HTTP/1.1 on a socket, with full control of what is sent, and of what is not."""

import socket
import sys
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Event, Lock, Thread
from typing import Any, Final
from urllib.parse import parse_qsl

from syncd.simulator.exchange import ApiRequest, Reply, Wire

MAXIMUM_BODY: Final = 1_048_576

Respond = Callable[[ApiRequest], Reply]


class Server:
    """Listens from the moment it is made; `start` begins to answer, `stop` ends every connection."""

    def __init__(self, host: str, port: int) -> None:
        self._http = _HttpServer((host, port), _Handler)
        self._thread = Thread(target=self._http.serve_forever, args=(0.05,), name="okta-simulator", daemon=True)
        self.url = f"http://{host}:{self._http.server_port}"

    def start(self, respond: Respond) -> None:
        """Answer requests with `respond`, each connection in a thread of its own."""
        self._http.respond = respond
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and close what is open; a held reply is let go."""
        self._http.stopping.set()
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join()
        self._http.server_close()
        self._http.hang_up()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    respond: Respond

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.stopping = Event()
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Bind without asking the name service who we are, as the base class does."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        with self._lock:
            for connection in self._open:
                _break(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about clients that went away; anything else is a mistake of ours and is told."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _HttpServer

    def serve(self) -> None:
        body = self._body()
        if body is None:
            self._write(Reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
            self.close_connection = True
            return
        path, _, query = self.path.partition("?")
        self._write(
            self.server.respond(
                ApiRequest(
                    self.command,
                    path,
                    dict(parse_qsl(query, keep_blank_values=True)),
                    {name.lower(): value for name, value in self.headers.items()},
                    body,
                )
            )
        )

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815 - the names the base class calls

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's signature
        """Log nothing: the path of a request may name people."""

    def _body(self) -> bytes | None:
        """Return the request's body; None when it is too large or of unknown length."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > MAXIMUM_BODY:
            return None
        return self.rfile.read(int(length))

    def _write(self, reply: Reply) -> None:
        if reply.wire is Wire.HELD:
            self.server.stopping.wait(reply.held_seconds)
        if reply.wire in {Wire.HELD, Wire.DROPPED}:
            self._hang_up()
            return
        data = _head(reply) + reply.body
        if reply.wire is Wire.CUT_SHORT:
            self.wfile.write(data[: len(data) - len(reply.body) // 2 - 1])
            self._hang_up()
            return
        self.wfile.write(data)

    def _hang_up(self) -> None:
        self.close_connection = True
        _break(self.connection)


def _head(reply: Reply) -> bytes:
    """Return status line and headers. A 204 has no Content-Length (RFC 9110 section 8.6)."""
    length = () if reply.status == HTTPStatus.NO_CONTENT else (("Content-Length", str(len(reply.body))),)
    lines = [f"{name}: {value}" for name, value in (*reply.headers, *length)]
    reason = HTTPStatus(reply.status).phrase
    return "\r\n".join([f"HTTP/1.1 {reply.status} {reason}", *lines, "", ""]).encode("latin-1")


def _break(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was first
