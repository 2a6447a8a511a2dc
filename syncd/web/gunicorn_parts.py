"""The parts of gunicorn that syncd replaces. Written against gunicorn 27; the tests run the real thing.

- Protocol: closes a connection that says nothing or only half a head, which gunicorn's asgi worker never does; caps
  their number; answers what cannot be parsed in SCIM's shape.
- Worker: serves with our TLS context, or not at all; gunicorn's falls back to plain text when the certificate is bad.
  It takes its share of the connections and no more.
- Log: leaves handlers alone, so that gunicorn's lines pass the same redaction as ours.
- Arbiter: looks after READY and the watchdog, in the main loop and without a thread, because it forks.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.glogging import Logger
from gunicorn.workers import gasgi

from syncd.service_manager import ServiceManager
from syncd.web.acceptor import SharingLoop
from syncd.web.answer import error_answer
from syncd.web.options import ServeError
from syncd.web.probe import address_of, answers, url_of

_POLL_SECONDS = 0.05
_FIRST_PROBE_SECONDS = 0.5
_PROBE_SECONDS = 2.0


class EdgeProtocol(ASGIProtocol):  # type: ignore[misc] # gunicorn is untyped
    """A connection that has `keepalive` seconds to send the head of its first request, as of any later one."""

    def connection_made(self, transport: Any) -> None:
        """Begin, or close at once where there are connections enough."""
        super().connection_made(transport)
        if self.worker.nr_conns > self.worker.worker_connections:
            self._keepalive_timeout()
        else:
            self._arm_keepalive_timer()

    def _send_error_response(self, status: int, message: str, extra_headers: Iterable[tuple[str, str]] = ()) -> None:
        """Answer a request that cannot be parsed with a SCIM error too."""
        answer = error_answer(status, message, *extra_headers, ("Connection", "close"))
        headers = (*answer.headers, ("Content-Length", str(len(answer.body))))
        lines = (f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers))
        self._safe_write("\r\n".join((*lines, "", "")).encode("latin-1") + answer.body)


class EdgeWorker(gasgi.ASGIWorker):  # type: ignore[misc] # gunicorn is untyped
    """A worker process."""

    def init_process(self) -> None:
        """Serve connections with our protocol. This process has forked, so the change is its own."""
        gasgi.ASGIProtocol = EdgeProtocol
        super().init_process()

    def _setup_event_loop(self) -> None:
        """Use asyncio's loop, sharing the listening sockets. uvloop, where it happens to be installed, is no faster."""
        self.loop = SharingLoop(self._connections)
        asyncio.set_event_loop(self.loop)

    def _connections(self) -> int:
        """Return for how many connections others should come first: none, where there are no others."""
        return self.nr_conns if self.cfg.workers > 1 else 0

    def _get_ssl_context(self) -> ssl.SSLContext | None:
        """Return the context of the certificate as it is now. Ends the process when it cannot be used."""
        try:
            context: ssl.SSLContext | None = self.app.tls_context()
        except ServeError as error:
            self.log.critical("%s", error)
            raise SystemExit(Arbiter.WORKER_BOOT_ERROR) from error
        return context


class EdgeLog(Logger):  # type: ignore[misc] # gunicorn is untyped
    """gunicorn's log, through the handlers of the root logger."""

    def setup(self, cfg: Any) -> None:
        """Install nothing."""
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.propagate = True

    def access(self, *_: Any) -> None:
        """Write nothing: the front logs requests, without their queries."""

    def reopen_files(self) -> None:
        """Do nothing: there are no files."""

    def close_on_exec(self) -> None:
        """Do nothing: there are no files."""


class EdgeArbiter(Arbiter):  # type: ignore[misc] # gunicorn is untyped
    """The master process: tells systemd, and whoever started it, when it answers and that it still does."""

    def __init__(self, app: Any, manager: ServiceManager, on_ready: Callable[[str], None]) -> None:
        self._manager = manager
        self._on_ready = on_ready
        self._answered: float | None = None
        super().__init__(app)

    def manage_workers(self) -> None:
        """Keep the workers' number, and the promises to systemd. Called at least once a second."""
        super().manage_workers()
        if self._answered is None:
            self._await_first_answer()
        elif self._manager.watchdog and time.monotonic() - self._answered > self._manager.watchdog / 3:
            self._give_sign_of_life()

    def wait_for_signals(self, timeout: float = 1.0) -> list[int]:
        """Wait shortly until the first answer, so that readiness is told at once."""
        signals: list[int] = super().wait_for_signals(timeout if self._answered else _POLL_SECONDS)
        return signals

    def handle_hup(self) -> None:
        """Start new workers, with a renewed certificate; go on as before when it cannot be used."""
        try:
            self.app.tls_context()
        except ServeError as error:
            self.log.warning("%s. Nothing was reloaded.", error)
            return
        super().handle_hup()

    def stop(self, graceful: bool = True) -> None:
        """Let requests end, then the workers."""
        self._manager.stopping()
        super().stop(graceful)

    def _await_first_answer(self) -> None:
        if self._probe(_FIRST_PROBE_SECONDS):
            self._answered = time.monotonic()
            url = url_of(address_of(self.LISTENERS[0]), tls=self.app.tls_context() is not None)
            self._manager.ready(f"answering at {url}")
            self._on_ready(url)

    def _give_sign_of_life(self) -> None:
        if self._probe(_PROBE_SECONDS):
            self._answered = time.monotonic()
            self._manager.alive()

    def _probe(self, timeout: float) -> bool:
        """Ask the listener that can be reached from here: a path works where the network is another name space's."""
        address = min(map(address_of, self.LISTENERS), key=lambda address: not isinstance(address, str))
        return answers(address, tls=self.app.tls_context() is not None, timeout=timeout)
