"""What was measured, and on what: in general words, without the name of a machine."""

import json
import os
import platform
import sqlite3
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

import psycopg

from bench.scale import CONNECTIONS, Scale
from bench.servers import postgres
from bench.servers.peers import NODE_FOLDER

_PYTHON_PACKAGES = ("scim2-server", "django-scim2", "django", "gunicorn", "sqlalchemy", "uvloop")
_NODE_PACKAGES = ("scimmy-routers", "scimmy", "express")


BUSY: Final = 0.5
"""The load above which a machine that has nothing to do yet is busy with other work."""


def machine(postgres_url: str | None) -> dict[str, Any]:
    """Return what it is measured on, and when; to be asked before the measurement begins."""
    return {
        "load": round(os.getloadavg()[0], 1),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": _postgresql(postgres_url) if postgres_url else None,
    }


def machine_in_words(facts: Mapping[str, Any]) -> str:
    """Return the machine as a sentence."""
    return (
        f"Measured {facts['date']}: {facts['cores']} shared cores, Python {facts['python']}, SQLite {facts['sqlite']},"
        f" PostgreSQL {facts['postgresql'] or 'not at hand'}.{_warning(facts['load'])}"
    )


def _warning(load: float) -> str:
    """Return what a reader must know of a machine that had other work to do as well."""
    return f" **The machine was busy with other work (load {load} before the start).**" if load > BUSY else ""


def about(scale: Scale, servers: Sequence[str], postgres_url: str | None) -> dict[str, Any]:
    """Return the circumstances of the measurement over HTTP."""
    return {
        **machine(postgres_url),
        "scale": scale.name,
        "rounds": scale.rounds,
        "connections": CONNECTIONS,
        "packages": {name: version(name) for name in _PYTHON_PACKAGES} | _node_versions(servers),
    }


def in_words(facts: Mapping[str, Any]) -> str:
    """Return the circumstances as a paragraph."""
    packages = ", ".join(f"{name} {number}" for name, number in facts["packages"].items())
    return (
        f"{machine_in_words(facts)} Scale: {facts['scale']}. With {packages}.\n"
        f"{facts['connections']} connections, medians of {facts['rounds']} rounds, the servers in turn."
    )


def _postgresql(url: str) -> str:
    with psycopg.connect(postgres.plain(url)) as connection:
        number = connection.info.server_version
    return f"{number // 10_000}.{number % 10_000}"


def _node_versions(servers: Sequence[str]) -> dict[str, str]:
    if "scimmy-routers" not in servers:
        return {}
    found = {}
    for name in _NODE_PACKAGES:
        manifest = NODE_FOLDER / "node_modules" / name / "package.json"
        found[name] = json.loads(manifest.read_text(encoding="utf-8"))["version"]
    return found
