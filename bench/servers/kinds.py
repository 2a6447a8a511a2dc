"""The table of servers."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.servers import peers, syncd
from bench.servers.process import Running

POSTGRESQL: Final = "PostgreSQL (its address in BENCH_POSTGRES_URL)"
NODE: Final = "node and npm"

Launch = Callable[[Path, str | None], AbstractContextManager[Running]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A server to measure: what the machine must have for it, and the syncd that it is compared with."""

    title: str
    launch: Launch
    needs: str | None = None
    rival: str | None = None


KINDS: Final[Mapping[str, Kind]] = {
    "syncd-sqlite": Kind("syncd, SQLite", syncd.on_sqlite),
    "syncd-postgresql": Kind("syncd, PostgreSQL", syncd.on_postgresql, needs=POSTGRESQL),
    "scim2-server": Kind("scim2-server, memory", peers.scim2_server, rival="syncd-sqlite"),
    "scimmy-routers": Kind("scimmy-routers, memory", peers.scimmy_routers, needs=NODE, rival="syncd-sqlite"),
    "django-scim2-sqlite": Kind("django-scim2, SQLite", peers.django_scim2_on_sqlite, rival="syncd-sqlite"),
    "django-scim2-postgresql": Kind(
        "django-scim2, PostgreSQL", peers.django_scim2_on_postgresql, needs=POSTGRESQL, rival="syncd-postgresql"
    ),
}


def chosen(names: Sequence[str], postgres_url: str | None) -> tuple[list[str], list[str]]:
    """Return the servers to measure, in the order of the table, and those that cannot be: this machine lacks something.

    `names` are the wanted ones; none means all.
    """
    lacking = {POSTGRESQL} if postgres_url is None else set()
    if not peers.has_node():
        lacking.add(NODE)
    wanted = [name for name in KINDS if not names or name in names]
    left_out = [name for name in wanted if KINDS[name].needs in lacking]
    return [name for name in wanted if name not in left_out], left_out
