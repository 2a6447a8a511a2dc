"""`make prove`: the proof at length. Prints what was tried, and ends with 0 when nothing broke."""

import argparse
import sys
import time
from collections.abc import Callable

from tests.proof.clocks import CLOCKS
from tests.proof.exploring import explore, first_violation, postgres_url, scratch_url
from tests.proof.faults import try_faults
from tests.proof.invariants import ViolationError
from tests.proof.kills import Site, kill_everywhere
from tests.proof.kinds import FURTHER, KINDS
from tests.proof.mutants import NEVER_ALIVE
from tests.proof.stopped import stop_everywhere

SHARE = 20
"""There is one schedule of each further kind for so many of whole runs."""

NO_SERVER = "none, because SYNCD_TEST_POSTGRES_URL is not set"


def say(text: str) -> None:
    """Print a line at once, so that a long proof can be watched."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Run every part, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("--schedules", type=int, default=20_000, help="how many schedules, over all clocks")
    parser.add_argument("--patience", type=int, default=NEVER_ALIVE, help="schedules within which a mutant has to die")
    options = parser.parse_args()
    parts = (lambda: _schedules(options.schedules), lambda: _mutants(options.patience), _kills, _stops, _faults)
    began = time.monotonic()
    try:
        whole = all(list(map(_played, parts)))
    except (ViolationError, AssertionError) as error:
        say(f"BROKEN: {error}")
        return 1
    say(f"took {time.monotonic() - began:.0f} s")
    return 0 if whole else 1


def _played(part: Callable[[], bool]) -> bool:
    return part()


def _schedules(number: int) -> bool:
    played = 0

    def tell(_number: int) -> None:
        nonlocal played
        played += 1
        if played % 1000 == 0:
            say(f"  {played} schedules")

    share = number // len(CLOCKS)
    for place, (name, clock) in enumerate(CLOCKS.items()):
        say(f"  with a clock that is {name}")
        explore(range(place * share, (place + 1) * share), tell, clock())
    for of_what, (kind, _) in FURTHER.items():
        say(f"  {of_what}")
        explore(range(number // SHARE), tell, kind=kind)
    say(f"schedules explored: {played}, violations: 0")
    return True


def _mutants(patience: int) -> bool:
    alive, every = 0, 0
    for of_what, (kind, mutants) in KINDS.items():
        every += len(mutants)
        for name, mutant in mutants.items():
            with mutant():
                found = first_violation(range(patience), kind)
            alive += not found
            say(f"  {name}: {f'killed by {found[1]} after {found[0]} schedules {of_what}' if found else 'ALIVE'}")
    say(f"mutants killed: {every - alive} of {every}")
    return not alive


def _kills() -> bool:
    for name, clock in CLOCKS.items():
        for kind, url in (("SQLite", scratch_url()), ("PostgreSQL", postgres_url())):
            with url as opened:
                tried = sum(1 for _ in kill_everywhere(Site(opened, clock))) if opened else NO_SERVER
            say(f"kill points tried on {kind}, with a clock that is {name}: {tried}")
    return True


def _stops() -> bool:
    for name, clock in CLOCKS.items():
        with postgres_url() as url:
            tried = sum(1 for _ in stop_everywhere(Site(url, clock))) if url else NO_SERVER
        say(f"stops longer than the lease tried, with a clock that is {name}: {tried}")
    return True


def _faults() -> bool:
    for name, clock in CLOCKS.items():
        for kind, url in (("SQLite", scratch_url()), ("PostgreSQL", postgres_url())):
            with url as opened:
                tried = sum(1 for _ in try_faults(Site(opened, clock))) if opened else NO_SERVER
            say(f"faults tried on {kind}, with a clock that is {name}: {tried}")
    return True


if __name__ == "__main__":
    sys.exit(main())
