"""A scheduler that runs in a thread of the test, and jobs that wait until the test lets them."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from syncd.scheduler import LogWatch, NightlyJob, run_scheduler

YEARLY = "0 0 1 1 *"
NOW = datetime.now(UTC)
BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
PATIENCE = 5.0


class FixedClock:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW


@dataclass
class Running:
    """A scheduler at work: what it announced, how to stop it, and the exit code afterwards."""

    stop: threading.Event = field(default_factory=threading.Event)
    announced: list[str] = field(default_factory=list)
    code: int | None = None

    def announce(self, message: str, /) -> None:
        self.announced.append(message)


@contextmanager
def running(
    jobs: Sequence[NightlyJob | LogWatch], last_run: datetime | None = None, patience: float = PATIENCE
) -> Iterator[Running]:
    """Run the scheduler until the block ends; every application had its last run at the same time."""
    state = Running()

    def work() -> None:
        state.code = run_scheduler(
            jobs,
            clock=FixedClock(),
            last_run=lambda _: last_run,
            announce=state.announce,
            stop=state.stop,
            patience=patience,
        )

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield state
    finally:
        state.stop.set()
        thread.join(PATIENCE + patience)
        assert not thread.is_alive()


def noting(ran: list[str], name: str = "crm") -> Callable[[], int]:
    """Return a run that notes its name and finds nothing to do."""

    def run() -> int:
        ran.append(name)
        return 0

    return run


def wait_until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
