"""The threads that do the work, and the bounded queue before them."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class PoolFullError(Exception):
    """Every thread is busy and the queue is full."""


class WorkPool:
    """`threads` pieces of work at a time, `queue` more waiting, and none beyond."""

    def __init__(self, threads: int, queue: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._threads = threads
        self._free = threading.BoundedSemaphore(threads + queue)
        self._started: dict[int, float] = {}

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Have the work done on a thread. Cancelling the future before that spares it. Raises `PoolFullError`."""
        if not self._free.acquire(blocking=False):
            raise PoolFullError
        future = self._executor.submit(self._timed, work)
        future.add_done_callback(lambda _: self._free.release())
        return future

    def stalled(self, seconds: float) -> bool:
        """Return whether every thread has been at one piece of work for longer than that."""
        since = time.monotonic() - seconds
        started = list(self._started.values())
        return len(started) == self._threads and max(started) < since

    def close(self) -> None:
        """Let what runs come to its end and drop what waits."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _timed(self, work: Callable[[], T]) -> T:
        self._started[threading.get_ident()] = time.monotonic()
        try:
            return work()
        finally:
            del self._started[threading.get_ident()]
