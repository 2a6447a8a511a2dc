"""A web server of this machine that is posted to, and behaves as it is told."""

import contextlib
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Posted:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class WebReceiver:
    """What came in, and what is answered.

    `mood` is well, silent or dripping; `status`, `headers` and `body` are the answer. `taken` is how much of the bodies
    was taken, in steps.
    """

    server: ThreadingHTTPServer
    secure: bool
    posted: list[Posted] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    mood: str = "well"
    taken: int = 0
    leaving: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http{'s' if self.secure else ''}://127.0.0.1:{self.server.server_address[1]}"

    def vanish(self) -> None:
        """Close the door."""
        self.server.shutdown()
        self.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    receiver: WebReceiver

    def do_POST(self) -> None:
        """Take a request, and answer it as told."""
        receiver = self.receiver
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        receiver.posted.append(Posted(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        if receiver.mood == "silent":
            receiver.leaving.wait(20)
            return
        if receiver.mood == "dripping":
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000:
                if receiver.leaving.wait(0.1):
                    return
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
            return
        self.send_response(receiver.status)
        for name, value in {"Content-Length": str(len(receiver.body)), **receiver.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        for begin in range(0, len(receiver.body), 100_000):
            self.wfile.write(receiver.body[begin : begin + 100_000])
            receiver.taken += 100_000

    def do_GET(self) -> None:
        """Take what a redirect would become."""
        self.do_POST()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients leave as they like."""


@contextlib.contextmanager
def web_receiver(context: ssl.SSLContext | None = None) -> Iterator[WebReceiver]:
    """Run a receiver until the block ends; with a context it speaks TLS."""

    class Handler(_Handler):
        pass

    server = _Server(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver = Handler.receiver = WebReceiver(server, context is not None)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.leaving.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
