"""The peers, each started as its documentation recommends for production."""

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.servers import postgres
from bench.servers.process import (
    ROOT,
    TOKEN,
    Question,
    Running,
    command,
    environment,
    free_port,
    running_process,
)
from bench.wire import HOST
from syncd.store import with_schema

NODE_FOLDER: Final = ROOT / "build" / "bench" / "node"
_SETTINGS: Final = "bench.peers.django_project.settings"
_GUNICORN: Final = (sys.executable, "-m", "gunicorn", "--no-control-socket", "--worker-class", "gthread")


def has_node() -> bool:
    """Return whether there is node, with the packages that `make bench` installs."""
    return shutil.which("node") is not None and (NODE_FOLDER / "node_modules").is_dir()


@contextmanager
def scim2_server(folder: Path, _postgres_url: str | None) -> Iterator[Running]:
    """Run scim2-server under gunicorn: one process, because its guide says so of the storage in memory."""
    port = free_port()
    arguments = [*_GUNICORN, "--workers", "1", "--threads", "4", *_bound(port), "bench.peers.scim2_server_app:app"]
    ready = Question(f"http://{HOST}:{port}/v2/ServiceProviderConfig", TOKEN)
    with running_process(arguments, folder, environment(BENCH_TOKEN=TOKEN), ready) as pid:
        yield Running(port, "/v2", TOKEN, pid, settle=lambda: None)


@contextmanager
def scimmy_routers(folder: Path, _postgres_url: str | None) -> Iterator[Running]:
    """Run scimmy-routers on express under node: one process, as node is."""
    port = free_port()
    node = shutil.which("node") or "node"
    variables = environment(PORT=str(port), BENCH_TOKEN=TOKEN, NODE_ENV="production")
    ready = Question(f"http://{HOST}:{port}/scim/ServiceProviderConfig", TOKEN)
    with running_process([node, str(NODE_FOLDER / "server.js")], folder, variables, ready) as pid:
        yield Running(port, "/scim", TOKEN, pid, settle=lambda: None)


@contextmanager
def django_scim2_on_sqlite(folder: Path, _postgres_url: str | None) -> Iterator[Running]:
    """Run django-scim2 on a SQLite file under gunicorn with two processes."""
    database = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(folder / "django.sqlite3"),
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
    with _django(folder, database) as (port, pid):
        yield Running(port, "/scim/v2", TOKEN, pid, settle=lambda: None)


@contextmanager
def django_scim2_on_postgresql(folder: Path, postgres_url: str | None) -> Iterator[Running]:
    """Run django-scim2 on a PostgreSQL schema under gunicorn with two processes."""
    url = postgres_url or ""
    with postgres.schema(url) as name, _django(folder, postgres.django_database(url, name)) as (port, pid):
        yield Running(port, "/scim/v2", TOKEN, pid, settle=lambda: postgres.settle(with_schema(url, name)))


@contextmanager
def _django(folder: Path, database: dict[str, Any]) -> Iterator[tuple[int, int]]:
    port = free_port()
    variables = environment(BENCH_TOKEN=TOKEN, BENCH_DATABASE=json.dumps(database), DJANGO_SETTINGS_MODULE=_SETTINGS)
    command(folder, variables, "django", "migrate", "--run-syncdb", "-v0")
    arguments = [*_GUNICORN, "--workers", "2", "--threads", "2", *_bound(port), "bench.peers.django_project.wsgi:app"]
    ready = Question(f"http://{HOST}:{port}/scim/v2/ServiceProviderConfig", TOKEN)
    with running_process(arguments, folder, variables, ready) as pid:
        yield port, pid


def _bound(port: int) -> Sequence[str]:
    return ("--bind", f"{HOST}:{port}")
