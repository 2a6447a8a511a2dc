"""A mail server of this machine, as far as a client sees one, that behaves as it is told (RFC 5321)."""

import base64
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


@dataclass
class MailReceiver:
    """What came in, and what is answered.

    `answers` has the line to answer a command with that is not taken, by the command's first word. `mood` is well,
    silent or dripping; one that is not polite leaves without a goodbye. `logins` are user name and password,
    `secured` tells of each mail whether it came over TLS.
    """

    port: int
    context: ssl.SSLContext | None
    implicit: bool
    offers: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    mood: str = "well"
    polite: bool = True
    mails: list[EmailMessage] = field(default_factory=list)
    receivers: list[str] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    secured: list[bool] = field(default_factory=list)
    leaving: threading.Event = field(default_factory=threading.Event)
    listener: socket.socket | None = None

    def vanish(self) -> None:
        """Close the door."""
        assert self.listener is not None
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class _Session:
    """One client."""

    def __init__(self, receiver: MailReceiver, channel: socket.socket) -> None:
        self.receiver, self.channel = receiver, channel
        self.secure = False
        self.refused = False

    def run(self) -> None:
        if self.receiver.implicit:
            self._secure()
        self.file = self.channel.makefile("rb")
        if self.receiver.mood == "silent":
            self.receiver.leaving.wait(20)
            return
        if self.receiver.mood == "dripping":
            while not self.receiver.leaving.wait(0.1):
                self.channel.sendall(b"220-x\r\n")
            return
        self.answer("220 here")
        while line := self.file.readline():
            command, _, rest = line.decode().strip().partition(" ")
            told = self.receiver.answers.get(command.upper())
            if told:
                self.answer(told)
            elif not getattr(self, f"on_{command.lower()}")(rest):
                return

    def answer(self, line: str) -> bool:
        self.channel.sendall(f"{line}\r\n".encode())
        return True

    def on_ehlo(self, _: str) -> bool:
        starttls = ["STARTTLS"] if self.receiver.context and not self.secure else []
        lines = ["here", *starttls, *self.receiver.offers]
        for line in lines[:-1]:
            self.answer(f"250-{line}")
        return self.answer(f"250 {lines[-1]}")

    def on_starttls(self, _: str) -> bool:
        self.answer("220 go on")
        self._secure()
        self.file = self.channel.makefile("rb")
        return True

    def on_auth(self, rest: str) -> bool:
        _, _, encoded = rest.partition(" ")
        _, name, password = base64.b64decode(encoded).decode().split("\0")
        self.receiver.logins.append((name, password))
        return self.answer("235 welcome")

    def on_mail(self, _: str) -> bool:
        return self.answer("250 ok")

    def on_rcpt(self, rest: str) -> bool:
        if "refused" in rest:
            return self.answer("550 nobody of that name")
        self.receiver.receivers.append(rest)
        return self.answer("250 ok")

    def on_rset(self, _: str) -> bool:
        return self.answer("250 ok")

    def on_data(self, _: str) -> bool:
        self.answer("354 go on")
        lines: list[bytes] = []
        while (line := self.file.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        parsed: Any = message_from_bytes(b"".join(lines), policy=policy.default)
        self.receiver.mails.append(parsed)
        self.receiver.secured.append(self.secure)
        return self.answer("250 taken")

    def on_quit(self, _: str) -> bool:
        if self.receiver.polite:
            self.answer("221 bye")
        return False

    def _secure(self) -> None:
        assert self.receiver.context is not None
        self.channel = self.receiver.context.wrap_socket(self.channel, server_side=True)
        self.secure = True


@contextlib.contextmanager
def mail_receiver(context: ssl.SSLContext | None = None, *, implicit: bool = False) -> Iterator[MailReceiver]:
    """Run a receiver until the block ends; with a context it offers STARTTLS, or speaks TLS from the first byte."""
    listener = socket.create_server(("127.0.0.1", 0))
    receiver = MailReceiver(listener.getsockname()[1], context, implicit, listener=listener)

    def serve(channel: socket.socket) -> None:
        session = _Session(receiver, channel)
        with contextlib.suppress(OSError):
            session.run()
        with contextlib.suppress(OSError):
            session.channel.close()

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                channel, _ = listener.accept()
                threading.Thread(target=serve, args=(channel,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.leaving.set()
        receiver.vanish()
        thread.join(5)
