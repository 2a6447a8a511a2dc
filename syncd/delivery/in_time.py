"""A bound on how long any way out may take, whatever its receiver does."""

import threading
from typing import Final

from syncd.core.messages import Message
from syncd.notifying import NotDeliveredError, Notifier

LONGEST: Final = 50.0
"""Seconds. Timeouts of sockets are for each byte, and a receiver may send one now and then, for ever."""


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
        failed: list[BaseException] = []
        thread = threading.Thread(target=self._send, args=(message, failed), name=f"send-{self.channel}", daemon=True)
        thread.start()
        thread.join(self._seconds)
        if thread.is_alive():
            remedy = "The receiver is too slow, or holds the connection: see what it does"
            raise NotDeliveredError(self.channel, f"not taken within {self._seconds:g} seconds", remedy=remedy)
        if failed:
            raise failed[0]

    def _send(self, message: Message, failed: list[BaseException]) -> None:
        try:
            self._notifier.send(message)
        except BaseException as error:  # noqa: BLE001  # it is raised again where somebody waits for it
            failed.append(error)
