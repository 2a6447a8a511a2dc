"""Requests over a bare socket, so that nothing between the wire and the assertion tidies up."""

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.simulator.conftest import API_TOKEN


@dataclass(frozen=True)
class Raw:
    """What came over the wire until the other side closed or the promised length was there."""

    data: bytes

    @property
    def status(self) -> int:
        return int(self.data.split(b" ", 2)[1])

    @property
    def headers(self) -> list[tuple[str, str]]:
        head = self.data.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")[1:]
        return [(line.split(": ", 1)[0], line.split(": ", 1)[1]) for line in head]

    @property
    def body(self) -> bytes:
        return self.data.split(b"\r\n\r\n", 1)[1]

    def header(self, name: str) -> str | None:
        return dict(self.headers).get(name)

    def links(self) -> list[str]:
        return [value for name, value in self.headers if name == "Link"]


def get(url: str, target: str, timeout: float = 5.0) -> Raw:
    """Send a GET on a connection of its own and return all bytes that come back."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    with socket.create_connection((parts.hostname, parts.port or 80), timeout) as connection:
        connection.sendall(
            f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: SSWS {API_TOKEN}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return Raw(received)
