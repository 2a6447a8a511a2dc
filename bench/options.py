"""What the person asked for."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.operations import OPERATIONS
from bench.scale import FULL, QUICK, Scale
from bench.servers import KINDS
from bench.small import FLOW

FEWEST: Final = 2_000
PARTS: Final = ("http", "in-process", "reconciler", "audit")
_POSTGRESQL: Final = ("BENCH_POSTGRES_URL", "SYNCD_TEST_POSTGRES_URL")


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a measurement. `postgres_url` is None where there is no PostgreSQL to measure on."""

    scale: Scale
    parts: tuple[str, ...]
    servers: tuple[str, ...]
    operations: tuple[str, ...]
    users: int
    document: bool
    postgres_url: str | None

    @property
    def with_growth(self) -> bool:
        """Whether growth is measured: not when only some operations are."""
        return len(self.operations) == len(OPERATIONS) + 1

    @property
    def everything(self) -> bool:
        """Whether nothing was left out of the part over HTTP."""
        return self.with_growth and not self.servers


def read_options(arguments: Sequence[str]) -> Options:
    """Return the options. Exits with a message when they cannot be understood."""
    known = (FLOW, *OPERATIONS)
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure syncd beside other SCIM servers.")
    parser.add_argument("--quick", action="store_true", help="small sizes, a few minutes; docs/ stays as it is")
    parser.add_argument("--document", action="store_true", help="with --quick: write docs/performance.md all the same")
    parser.add_argument("--part", action="append", choices=PARTS, help="only that part; may be repeated")
    parser.add_argument("--only", action="append", choices=list(KINDS), help="only that server; may be repeated")
    parser.add_argument(
        "--operations",
        type=lambda text: tuple(text.split(",")),
        default=known,
        help=f"only these, without growth; of {','.join(known)}",
    )
    parser.add_argument(
        "--users",
        type=int,
        help="users of the parts in process and reconciler, events of audit; by default 1,000,000, quick 20,000",
    )
    given = parser.parse_args(arguments)
    if unknown := set(given.operations) - set(known):
        parser.error(f"no operation of that name: {', '.join(sorted(unknown))}. There are: {', '.join(known)}")
    if given.users is not None and given.users < FEWEST:
        parser.error(f"--users {given.users}: at least {FEWEST:,} are needed, so that there are pages in the middle")
    users = given.users or (20_000 if given.quick else 1_000_000)
    return Options(
        scale=QUICK if given.quick else FULL,
        parts=tuple(given.part or PARTS),
        servers=tuple(given.only or ()),
        operations=tuple(given.operations),
        users=users,
        document=given.document or not given.quick,
        postgres_url=next((url for name in _POSTGRESQL if (url := os.environ.get(name))), None),
    )
