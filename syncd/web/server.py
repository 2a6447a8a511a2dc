"""`syncd serve`: gunicorn inside this process, its workers as children.

The application is built in each worker after the fork, so that no database connection is ever shared.
"""

import os
import resource
import socket
import ssl
import sys
from collections.abc import Callable
from typing import Any, Final

from gunicorn.app.base import BaseApplication

from syncd.service_manager import ServiceManager
from syncd.web.front import Bounds, Front
from syncd.web.gunicorn_parts import EdgeArbiter, EdgeLog, EdgeWorker
from syncd.web.options import ServeError, ServerOptions

_MOST_FILES: Final = 65_536
_FILES_FOR_OTHERS: Final = 256
_HEARTBEAT_SECONDS: Final = 30

BuildFront = Callable[[Bounds], Front]


def serve(build_front: BuildFront, options: ServerOptions, on_ready: Callable[[str], None]) -> int:
    """Serve until SIGTERM or SIGINT and return the exit code: 0 when told to stop, 1 when it could not go on.

    `build_front` is called in each worker process. `on_ready` is called here, once, with the address, when the server
    answers. SIGHUP starts new workers with a renewed certificate. Raises `ServeError` when the address or the
    certificate cannot be used.
    """
    manager = ServiceManager.take_from(os.environ)
    application = _Application(build_front, options)
    application.tls_context()
    application.listen()
    arbiter = EdgeArbiter(application, manager, on_ready)
    master = os.getpid()
    code: object = 1
    try:
        arbiter.run()
    except SystemExit as ended:
        code = ended.code
    finally:
        # A worker ends here: what the caller does after serving, or at exit, is the master's to do.
        if os.getpid() != master:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code if isinstance(code, int) else 1)
    return 0 if code in {None, 0} else 1


class _Application(BaseApplication):  # type: ignore[misc] # gunicorn is untyped
    """What gunicorn asks: its settings, and the application to run."""

    def __init__(self, build_front: BuildFront, options: ServerOptions) -> None:
        self._build_front = build_front
        self._options = options
        self._bind: list[str] = []
        super().__init__()

    def load(self) -> Front:
        """Build the application, in the worker."""
        return self._build_front(self._options.bounds)

    def tls_context(self) -> ssl.SSLContext | None:
        """Return the TLS context of the certificate as it is now, or None for plain text. Raises `ServeError`."""
        return self._options.tls.context() if self._options.tls else None

    def listen(self) -> None:
        """Bind the address, unless systemd did. gunicorn would try for five seconds and end the process."""
        if os.environ.get("LISTEN_PID") == str(os.getpid()):
            return
        self._bind = [f"fd://{_bound(self._options.host, self._options.port)}"]
        self.do_load_config()

    def load_config(self) -> None:
        """Give gunicorn its settings."""
        for name, value in self._settings().items():
            self.cfg.set(name, value)

    def _settings(self) -> dict[str, Any]:
        options = self._options
        return {
            "bind": self._bind,
            "proc_name": "syncd serve",
            "worker_class": EdgeWorker,
            "logger_class": EdgeLog,
            "workers": options.workers,
            "worker_connections": _allow_files() - _FILES_FOR_OTHERS,
            "timeout": _HEARTBEAT_SECONDS + int(options.bounds.body_deadline),
            "graceful_timeout": options.graceful_timeout,
            "keepalive": options.silence,
            "asgi_lifespan": "on",
            # What a proxy says of its client is not believed: SCRIPT_NAME would let a request past its path rules.
            "forwarded_allow_ips": "",
            "forwarder_headers": "",
            "proxy_allow_ips": "",
            "http_protocols": "h1",
            "limit_request_fields": 64,
            "control_socket_disable": True,
        }


def _bound(host: str, port: int) -> int:
    """Return a socket bound to the address, as a file descriptor. Raises `ServeError`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            return listener.detach()
    except OSError as error:
        message = f"Cannot listen on {host} port {port}: {error.strerror}. Name another host or port."
        raise ServeError(message) from error


def _allow_files() -> int:
    """Raise the number of files that this process may have open as far as allowed, and return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)
