"""Waking whoever follows the System Log, without waiting for the database."""

import threading

import structlog

from scim.errors import Unavailable
from syncd.ports import Bell

BELL = "okta-log"

_log = structlog.get_logger("syncd")


class Ringer:
    """Rings a bell in a thread of its own, which begins with the first time. May be used by any number of threads.

    However often it is asked to meanwhile, it rings once more after that. What is lost when the process ends, or when
    the database cannot be written, is an earlier look: the log is read on its interval all the same.
    """

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def ring(self) -> None:
        """Have the bell rung soon. Returns at once."""
        self._asked.set()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="bell", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while self._asked.wait():
            self._asked.clear()
            try:
                self._bell.ring()
            except Unavailable as error:
                _log.warning("bell not rung", reason=error.detail)
