"""A small HTTP server in a thread: a function says what it answers. And SCIM over a memory store behind it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bench.servers import Running
from scim.exchange import MEDIA_TYPE, ScimRequest, ScimResponse
from tests.scim.endpoint import Endpoint

Answering = Callable[[str, str, bytes], tuple[int, bytes]]


@contextmanager
def served(answering: Answering, *, chunked: bool = False, kept: bool = True) -> Iterator[Running]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body leave together

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, content = answering(self.command, self.path, body)
            self.send_response(status)
            self.send_header(*(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(content)))))
            if not kept:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(in_chunks(content) if chunked else content)

        do_GET = do_POST = do_PUT = do_PATCH = answer  # noqa: N815  # the base class looks them up by these names

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield Running(server.server_port, "/scim/v2", "token", os.getpid(), settle=lambda: None)
        finally:
            server.shutdown()


def in_chunks(content: bytes, size: int = 7) -> bytes:
    parts = [content[start : start + size] for start in range(0, len(content), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def scim_endpoint(change: Callable[[ScimRequest, ScimResponse], ScimResponse] = lambda _, right: right) -> Answering:
    """Return what answers SCIM from a memory store; `change` may spoil an answer on its way out."""
    endpoint, one_at_a_time = Endpoint(), Lock()

    def answering(method: str, target: str, body: bytes) -> tuple[int, bytes]:
        parts = urlsplit(target)
        path = parts.path.removeprefix("/scim/v2")
        request = ScimRequest(method, path, dict(parse_qsl(parts.query)), body, MEDIA_TYPE if body else None)
        with one_at_a_time:
            response = change(request, endpoint.answer(request))
        return response.status, response.body

    return answering
