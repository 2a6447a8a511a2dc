"""How much is measured: small enough for a look, or large enough for a statement."""

from dataclasses import dataclass
from typing import Final

from bench.load import Bounds

CONNECTIONS: Final = 4


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes and bounds of one measurement. Every loop ends by count or by time, whichever comes first.

    `users` is the size of the small directory, and the most requests of one operation there. `sizes` and `group_sizes`
    are those at which growth is measured, by `grown_requests` requests at most. `filling` is how many seconds a server
    has to reach a size; what it has not reached by then is not measured. `sealing_rounds` are the pairs of stretches
    with the sequencer and without, of `sealing_writes` writes each.
    """

    name: str
    rounds: int
    users: int
    flow: Bounds
    operation: Bounds
    sizes: tuple[int, ...]
    group_sizes: tuple[int, ...]
    grown_rounds: int
    grown_requests: int
    grown: Bounds
    filling: float
    sealing_rounds: int
    sealing_writes: int


QUICK: Final = Scale(
    name="quick",
    rounds=2,
    users=300,
    flow=Bounds(1.2, 5),
    operation=Bounds(0.35, 5),
    sizes=(1_000, 3_000),
    group_sizes=(100, 1_000),
    grown_rounds=1,
    grown_requests=60,
    grown=Bounds(0.5, 5),
    filling=60,
    sealing_rounds=2,
    sealing_writes=600,
)
FULL: Final = Scale(
    name="full",
    rounds=3,
    users=1_000,
    flow=Bounds(3, 20),
    operation=Bounds(1.2, 20),
    sizes=(1_000, 10_000, 100_000),
    group_sizes=(100, 1_000, 10_000, 100_000),
    grown_rounds=3,
    grown_requests=200,
    grown=Bounds(1.2, 20),
    filling=900,
    sealing_rounds=12,
    sealing_writes=3_000,
)
