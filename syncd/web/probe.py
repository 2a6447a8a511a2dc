"""Asking our own server whether it answers, over its own listening socket."""

import socket
import ssl
from contextlib import closing

from syncd.web.front import HEALTH

_REQUEST = f"GET {HEALTH} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
_ANSWER = b"HTTP/1.1 200 "
_ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - translated, not bound

Address = str | tuple[str, int]


def address_of(listener: socket.socket) -> Address:
    """Return where to reach a listening socket from this machine: a path, or host and port."""
    name = listener.getsockname()
    return name if isinstance(name, str) else (_ANY_HOST.get(name[0], name[0]), name[1])


def url_of(address: Address, *, tls: bool) -> str:
    """Return the address as people write it."""
    if isinstance(address, str):
        return f"unix:{address}"
    host, port = address
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def answers(address: Address, *, tls: bool, timeout: float) -> bool:
    """Return whether the server answers its health check with 200 within about that many seconds."""
    try:
        with closing(_connect(address, timeout)) as plain, closing(_wrap(plain) if tls else plain) as channel:
            channel.sendall(_REQUEST)
            received = b""
            while len(received) < len(_ANSWER) and (more := channel.recv(len(_ANSWER) - len(received))):
                received += more
    except OSError:
        return False
    return received == _ANSWER


def _connect(address: Address, timeout: float) -> socket.socket:
    if not isinstance(address, str):
        return socket.create_connection(address, timeout)
    channel = socket.socket(socket.AF_UNIX)
    channel.settimeout(timeout)
    try:
        channel.connect(address)
    except OSError:
        channel.close()
        raise
    return channel


def _wrap(channel: socket.socket) -> ssl.SSLSocket:
    """Encrypt without asking who is there: it is ourselves, whatever name the certificate has."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(channel)
