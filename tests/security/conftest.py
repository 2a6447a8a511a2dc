"""The whole endpoint on each database, in this process or as servers of its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from syncd.bootstrap.settings import load_settings
from syncd.bootstrap.stores import create_token
from syncd.store import SqlDatabase
from tests.conftest import APP
from tests.security.stack import Client, Stack
from tests.support.program import free_port, running

CONFIGURATION = """\
[database]
url = "{url}"
[server]
port = {port}
public_url = "{public_url}"
[log]
level = "{level}"
[apps.crm]
okta_app_id = "0oacrm00000000000001"
"""
PUBLIC_URL = "https://scim.example.com"

Serve = Callable[[int], tuple[list[str], str]]


@pytest.fixture
def stack(database: SqlDatabase) -> Stack:
    return Stack(database)


@pytest.fixture
def client(stack: Stack) -> Client:
    """A client of the application "acme"."""
    return stack.client(APP)


@pytest.fixture
def rival(stack: Stack) -> Client:
    """A client of another application on the same database."""
    return stack.client("rival")


@pytest.fixture
def serve(database_url: str, tmp_path: Path) -> Iterator[Serve]:
    """Return how to start servers on one database: it gives the addresses of their endpoints, and one token for all.

    What they say is in the files serve-*.log of `tmp_path`, down to the last detail.
    """
    with ExitStack() as stopping:

        def start(count: int) -> tuple[list[str], str]:
            ports = [free_port() for _ in range(count)]
            paths = [_configure(tmp_path / f"config-{port}.toml", database_url, port) for port in ports]
            token = create_token(load_settings(paths[0]), "crm", "test").token
            for port, path in zip(ports, paths, strict=True):
                log, ready = tmp_path / f"serve-{port}.log", f"http://127.0.0.1:{port}/readyz"
                stopping.enter_context(running("serve", "--config", str(path), log=log, ready=ready))
            return [f"http://127.0.0.1:{port}/scim/v2" for port in ports], token

        yield start


def _configure(path: Path, url: str, port: int) -> Path:
    written = CONFIGURATION.format(url=url, port=port, public_url=PUBLIC_URL, level="debug")
    path.write_text(written, encoding="utf-8")
    return path
