"""An HTTP server on loopback that answers as a test says, broken answers included."""

import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import orjson


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True)
class Response:
    """`sent` is how much of the body really goes out before the connection is closed; None means all of it."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    sent: int | None = None
    dropped: bool = False
    chunked: bool = False
    hangs: bool = False

    def having(self, *headers: tuple[str, str]) -> "Response":
        return replace(self, headers=(*self.headers, *headers))

    def without(self, name: str) -> "Response":
        return replace(self, headers=tuple(pair for pair in self.headers if pair[0].lower() != name.lower()))

    def typed(self, media_type: str) -> "Response":
        return self.without("Content-Type").having(("Content-Type", media_type))


Script = Callable[[Request], Response]


def json_response(document: Any, status: int = 200) -> Response:
    return Response(status, orjson.dumps(document))


def okta_error(status: int, code: str, summary: str) -> Response:
    return json_response({"errorCode": code, "errorSummary": summary, "errorCauses": []}, status)


@dataclass
class ScriptedOkta:
    """Answers each request with `script`, and keeps the requests. Use as a context manager."""

    script: Script
    requests: list[Request] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.released = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.okta = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def targets(self) -> list[str]:
        return [request.target for request in self.requests]


class _Server(ThreadingHTTPServer):
    okta: ScriptedOkta
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that gives up on a broken answer is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, path, query, headers, body)
        self.server.okta.requests.append(request)
        self._send(self.server.okta.script(request))

    do_GET = do_POST = _answer  # noqa: N815 - the names are the standard library's

    def _send(self, response: Response) -> None:
        if response.hangs:
            self.server.okta.released.wait()
        if response.hangs or response.dropped:
            self._reset()
            return
        self.send_response_only(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        self._send_length(response)
        self.end_headers()
        body = response.body if response.sent is None else response.body[: response.sent]
        self.wfile.write(b"%x\r\n%b\r\n" % (len(body), body) if response.chunked else body)
        if response.sent is not None:
            self._reset()

    def _send_length(self, response: Response) -> None:
        if response.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(response.body)))

    def _reset(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        if self.server.okta.released.is_set():
            return
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the standard library's
        """Write nothing."""
