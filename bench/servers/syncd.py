"""syncd, as it runs in production: a configuration file, migrated tables, a token from the command line, `syncd serve`.

Every write that is acknowledged is committed, durably, with its audit event. The one thing that is not as delivered is
the rate limit: it is off, because a rate limit is what would be measured otherwise.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.servers import postgres
from bench.servers.process import Question, Running, command, environment, free_port, running_process
from bench.wire import HOST
from syncd.store import with_schema

_CONFIGURATION: Final = """\
[database]
url = "{url}"

[server]
port = {port}
workers = {workers}

[server.limits]
requests_per_second = 0

[log]
level = "warning"

[apps.bench]
okta_app_id = "0oabench000000000001"
"""


@contextmanager
def on_sqlite(folder: Path, _postgres_url: str | None) -> Iterator[Running]:
    """Run it on a SQLite file, with two processes, as many as the peers have."""
    with _running(folder, f"sqlite:///{folder / 'syncd.db'}", workers=2) as (port, token, pid):
        yield Running(port, "/scim/v2", token, pid, settle=lambda: None)


@contextmanager
def on_postgresql(folder: Path, postgres_url: str | None) -> Iterator[Running]:
    """Run it on a PostgreSQL schema, with two processes, as many as the peers have."""
    url = postgres_url or ""
    with (
        postgres.schema(url) as name,
        _running(folder, own := with_schema(url, name), workers=2) as (port, token, pid),
    ):
        yield Running(port, "/scim/v2", token, pid, settle=lambda: postgres.settle(own), database_url=own)


@contextmanager
def _running(folder: Path, url: str, *, workers: int) -> Iterator[tuple[int, str, int]]:
    port = free_port()
    (folder / "config.toml").write_text(_CONFIGURATION.format(url=url, port=port, workers=workers), encoding="utf-8")
    variables = environment(SYNCD_CONFIG=str(folder / "config.toml"))
    command(folder, variables, "syncd", "db", "upgrade")
    token: str = json.loads(command(folder, variables, "syncd", "token", "create", "--json"))["token"]
    ready = Question(f"http://{HOST}:{port}/readyz")
    with running_process([sys.executable, "-m", "syncd", "serve"], folder, variables, ready) as pid:
        yield port, token, pid
