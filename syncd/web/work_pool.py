"""The threads that do the work, and the bounded queue before them."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class PoolFullError(Exception):
    """Every thread is busy and the queue is full."""


Outcome = asyncio.Future[Any]


class _Piece(NamedTuple):
    work: Callable[[], Any]
    outcome: Outcome
    loop: asyncio.AbstractEventLoop


class _Done(NamedTuple):
    outcome: Outcome
    result: Any
    error: BaseException | None


class WorkPool:
    """`threads` pieces of work at a time, `queue` more waiting, and none beyond.

    Made for one event loop: what threads have done in the meantime is handed to it together, because each time that a
    thread wakes a loop costs as much as a small piece of work.
    """

    def __init__(self, threads: int, queue: int) -> None:
        self._threads = threads
        self._free = threads + queue
        self._pieces: SimpleQueue[_Piece | None] = SimpleQueue()
        self._done: deque[_Done] = deque()
        self._told = False
        self._started: dict[int, float] = {}
        self._running: list[threading.Thread] = []

    async def run(self, work: Callable[[], T]) -> T:
        """Have the work done on a thread. Being cancelled before that spares it. Raises `PoolFullError`."""
        if not self._free:
            raise PoolFullError
        if len(self._running) < self._threads:
            self._start_thread()
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()
        self._free -= 1
        try:
            self._pieces.put(_Piece(work, outcome, loop))
            return await outcome
        finally:
            self._free += 1

    def stalled(self, seconds: float) -> bool:
        """Return whether every thread has been at one piece of work for longer than that."""
        since = time.monotonic() - seconds
        started = list(self._started.values())
        return len(started) == self._threads and max(started) < since

    def close(self) -> None:
        """Let what runs come to its end and cancel what waits. To be called on the event loop."""
        while not self._pieces.empty():
            if piece := self._pieces.get_nowait():
                piece.outcome.cancel()
        for _ in self._running:
            self._pieces.put(None)
        for thread in self._running:
            thread.join()

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._serve, name=f"request-{len(self._running)}", daemon=True)
        self._running.append(thread)
        thread.start()

    def _serve(self) -> None:
        me = threading.get_ident()
        while (piece := self._pieces.get()) is not None:
            if piece.outcome.cancelled():
                continue
            self._started[me] = time.monotonic()
            try:
                done = _Done(piece.outcome, piece.work(), None)
            except BaseException as error:  # noqa: BLE001 - it is raised where the work was ordered
                done = _Done(piece.outcome, None, error)
            finally:
                del self._started[me]
            self._hand_over(done, piece.loop)

    def _hand_over(self, done: _Done, loop: asyncio.AbstractEventLoop) -> None:
        """Give a result to the event loop. One that is told already looks at all that there is."""
        self._done.append(done)
        if not self._told:
            self._told = True
            loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._told = False
        while self._done:
            outcome, result, error = self._done.popleft()
            if outcome.cancelled():
                continue
            if error is None:
                outcome.set_result(result)
            else:
                outcome.set_exception(error)
