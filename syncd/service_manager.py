"""What systemd is told about a service of type `notify` (sd_notify(3)).

Without systemd every call does nothing, so that nobody needs to ask whether it is there.
"""

import os
import socket
from collections.abc import MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class ServiceManager:
    """The manager's notification socket; `address` is None without one.

    `watchdog` is how many seconds may pass between two signs of life, or None when nobody waits for them.
    """

    address: str | None = None
    watchdog: float | None = None

    @classmethod
    def take_from(cls, environ: MutableMapping[str, str]) -> Self:
        """Take the variables that systemd set out of `environ`, so that no child and no library speaks for us."""
        address = environ.pop("NOTIFY_SOCKET", None)
        microseconds = environ.pop("WATCHDOG_USEC", "")
        meant_for = environ.pop("WATCHDOG_PID", str(os.getpid()))
        watched = microseconds.isdigit() and meant_for == str(os.getpid())
        return cls(address, int(microseconds) / _MICROSECONDS if watched else None)

    def ready(self, status: str) -> None:
        """Say that the service is up, and in `status` what it does."""
        self._tell("READY=1", f"STATUS={status}")

    def alive(self, status: str | None = None) -> None:
        """Give the sign of life that the watchdog waits for, and perhaps what the service is at."""
        self._tell("WATCHDOG=1", *([f"STATUS={status}"] if status else []))

    def stopping(self) -> None:
        """Say that the service is about to end on its own account."""
        self._tell("STOPPING=1")

    def _tell(self, *lines: str) -> None:
        if not self.address:
            return
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        # A manager that does not listen must not stop the service.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto("\n".join(lines).encode(), address)
