"""A throwaway server: for trying syncd with curl, and for conformance suites."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from scim.provider import Provider
from syncd.bootstrap.services import DOCUMENTATION, NO_PROVIDERS, build_front, server_options
from syncd.bootstrap.system import SystemClock, new_id
from syncd.config import Settings, listening_at
from syncd.ports import Announce
from syncd.store import create_schema, drop_schema, open_database, upgrade, with_schema
from syncd.telemetry import configure_logging
from syncd.web.gate import DEFAULT_GATE_LIMITS
from syncd.web.server import serve
from syncd.web.tokens import digest

APP: Final = "ephemeral"


def serve_ephemeral(token: str, *, host: str, port: int, database_url: str | None, announce: Announce) -> int:
    """Serve an empty application that accepts `token`, until told to stop; nothing of it stays. Return the exit code.

    Without `database_url` the store is a SQLite file in a temporary folder, with it a schema of its own in that
    PostgreSQL database. Raises `ConfigurationError` for an address that others could reach without TLS.
    """
    settings = listening_at(Settings(), host, port)
    configure_logging(settings.log.level, settings.log.format, [token])
    with _postgresql_schema(database_url) if database_url else _sqlite_file() as url:
        upgrade(url)
        store = open_database(url, clock=SystemClock(), new_id=new_id)
        store.ensure_app(APP, APP)
        store.add_token(APP, new_id()[:8], digest(token), "given on the command line", None)
        store.close()
        server = settings.server
        provider = Provider(f"{server.public_url}/scim/v2", server.limits.as_limits(), DOCUMENTATION)
        build = partial(build_front, url, provider, DEFAULT_GATE_LIMITS, NO_PROVIDERS)
        return serve(build, server_options(server), lambda address: announce(f"listening at {address}"))


@contextmanager
def _sqlite_file() -> Iterator[str]:
    with TemporaryDirectory(prefix="syncd-") as folder:
        yield f"sqlite:///{Path(folder) / 'syncd.db'}"


@contextmanager
def _postgresql_schema(url: str) -> Iterator[str]:
    name = f"syncd_{new_id()[:8]}"
    create_schema(url, name)
    try:
        yield with_schema(url, name)
    finally:
        drop_schema(url, name)
