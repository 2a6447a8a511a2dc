"""A configuration, its database, and a simulated org that it names."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from syncd.cli import main
from syncd.simulator import SimulatedOrg

APP_ID, TOKEN = "0oacli00000000000001", "00-cli-token"

CONFIGURATION = """\
[database]
url = "sqlite:///{folder}/syncd.db"
[okta]
org_url = "{org}"
api_token = "{token}"
request_timeout = 2
[apps.crm]
okta_app_id = "{app}"
"""


@dataclass
class Office:
    """Where the configuration lies, and the org."""

    path: Path
    org: SimulatedOrg

    def configure(self, *, org: str | None = None, token: str = TOKEN, app: str = APP_ID) -> None:
        """Write the configuration."""
        text = CONFIGURATION.format(folder=self.path.parent, org=org or self.org.url, token=token, app=app)
        self.path.write_text(text, encoding="utf-8")

    def syncd(self, *arguments: str) -> int:
        """Run a command with this configuration and return its exit code."""
        return main([*arguments, "--config", str(self.path)])


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    # Nobody listens at the SCIM address: these tests look at the other side.
    org = SimulatedOrg.start(scim_url="http://127.0.0.1:9/scim/v2", scim_token="unused", api_token=TOKEN, app_id=APP_ID)
    with org:
        made = Office(tmp_path / "config.toml", org)
        made.configure()
        yield made


@pytest.fixture
def installed(office: Office) -> Office:
    """The same, with its database."""
    assert office.syncd("db", "upgrade") == 0
    return office
