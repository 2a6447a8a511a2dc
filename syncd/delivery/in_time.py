"""A bound on how long any way out may take, whatever its receiver does."""

import threading
from collections.abc import Callable
from typing import Final, TypeVar

from syncd.core.messages import Message
from syncd.notifying import NotDeliveredError, Notifier

LONGEST: Final = 50.0
"""Seconds. Timeouts of sockets are for each byte, and a receiver may send one now and then, for ever."""

T = TypeVar("T")


def within(seconds: float, name: str, work: Callable[[], T]) -> T:
    """Return what the work returns, or raise what it raises. Raises TimeoutError when it takes too long: it goes on."""
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001  # it is raised again where somebody waits for it
            failed.append(error)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError
    if failed:
        raise failed[0]
    return done[0]


class InTime:
    """Another notifier, of which nobody waits longer than `seconds`; see `syncd.notifying.Notifier`."""

    def __init__(self, notifier: Notifier, seconds: float = LONGEST) -> None:
        self._notifier, self._seconds = notifier, seconds

    @property
    def channel(self) -> str:
        """The name of the way."""
        return self._notifier.channel

    def send(self, message: Message) -> None:
        """Send the message. Raises `NotDeliveredError`, also when it takes too long: then it may still get there."""
        try:
            within(self._seconds, f"send-{self.channel}", lambda: self._notifier.send(message))
        except TimeoutError:
            remedy = "The receiver is too slow, or holds the connection: see what it does"
            why = f"not taken within {self._seconds:g} seconds"
            raise NotDeliveredError(self.channel, why, remedy=remedy) from None
