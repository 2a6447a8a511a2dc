"""A configuration, its database, and a simulated org that it names."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from syncd.bootstrap.settings import load_settings
from syncd.bootstrap.stores import open_store
from syncd.cli import main
from syncd.core.changes import Cause, Change
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

    def employ(self, *logins: str) -> dict[str, str]:
        """Assign people in an org that pushes nothing, and make their accounts; return their Okta user ids by login."""
        self.org.set_features([])
        okta_ids = {login: self.org.create_user(login, "Pat", "Oak") for login in logins}
        with open_store(load_settings(self.path)) as store, store.transaction("crm", Cause("token:okta")) as unit:
            for login, okta_user_id in okta_ids.items():
                self.org.assign(okta_user_id)
                document = {
                    "userName": login,
                    "externalId": okta_user_id,
                    "active": True,
                    "name": {"givenName": "Pat", "familyName": "Oak"},
                    "emails": [{"value": login, "type": "work"}],
                }
                unit.record(Change("User", None, document))
        return okta_ids


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
