"""What a piece of work took, and how much memory a process has had."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

SPAWN: Final = get_context("spawn")
_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(slots=True)
class Took:
    """Seconds: by the clock, and of processor time in this process. Those of a database server are not among them."""

    wall: float = 0.0
    work: float = 0.0


@contextmanager
def timed(took: Took | None = None) -> Iterator[Took]:
    """Give what the block took when it has ended, or add it to what others took."""
    took = took or Took()
    wall, work = time.perf_counter(), time.process_time()
    yield took
    took.wall += time.perf_counter() - wall
    took.work += time.process_time() - work


def peak_memory() -> float:
    """Return the most memory that this process has had so far, in MB (proc(5), status: VmHWM)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def alone(work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Do the work in a fresh process, whose memory is that of the work."""
    with ProcessPoolExecutor(max_workers=1, mp_context=SPAWN) as pool:
        return pool.submit(work, *args, **kwargs).result()
