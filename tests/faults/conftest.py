"""An installation on each database, ready to be served as fast as it can: without a rate limit."""

from collections.abc import Callable
from pathlib import Path

import pytest

from syncd.bootstrap.settings import load_settings
from syncd.bootstrap.stores import create_token

CONFIGURATION = """\
[database]
url = "{url}"
[server]
port = {port}
[server.limits]
requests_per_second = 0
[log]
level = "warning"
[apps.crm]
okta_app_id = "0oacrm00000000000001"
"""


@pytest.fixture
def served(database_url: str, tmp_path: Path) -> Callable[[int], tuple[list[str], str]]:
    """Return how to install for a port: the arguments that serve, and a token."""

    def install(port: int) -> tuple[list[str], str]:
        path = tmp_path / "config.toml"
        path.write_text(CONFIGURATION.format(url=database_url, port=port), encoding="utf-8")
        made = create_token(load_settings(path), "crm", "test")
        return ["serve", "--config", str(path)], made.token

    return install
