"""How the server runs."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from syncd.web.front import Bounds


class ServeError(Exception):
    """The server cannot start: what is in the way, and what to do."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: the certificate with its chain, and its private key."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Return a context for TLS 1.2 and later. Raises `ServeError` when the files cannot be used."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.certificate, self.key)
        except OSError as error:
            message = f"The certificate {self.certificate} and key {self.key} cannot be used: {error}"
            raise ServeError(message) from error
        return context


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Where to listen, what clients may cost, and how long requests have to end when the server stops.

    Port 0 takes a free one. Sockets that systemd hands over outweigh host and port. `silence` is how many seconds a
    connection may be open without a complete head of a request.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    tls: TlsFiles | None = None
    workers: int = 1
    graceful_timeout: int = 25
    silence: int = 5
    bounds: Bounds = field(default_factory=Bounds)
