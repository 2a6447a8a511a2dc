"""Where no worker runs, a run seals: what waits before it begins, and what it writes itself."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from syncd.bootstrap.auditing import sealing_beside_a_run
from syncd.bootstrap.settings import load_settings
from syncd.bootstrap.stores import open_store, upgrade_database
from syncd.config import Settings
from syncd.core.changes import Cause, Change
from syncd.signing import SigningKey, write_signing_key
from syncd.workflows.seal_audit import LEASE

ORIGIN = "example.com/syncd"
CONFIGURATION = """\
[database]
url = "sqlite:///{folder}/syncd.db"
[audit]
origin = "example.com/syncd"
{key}
[apps.crm]
okta_app_id = "0oacrm00000000000001"
"""


@dataclass(frozen=True)
class Site:
    """An installation with a key."""

    settings: Settings

    def write(self, login: str) -> None:
        with open_store(self.settings) as store, store.transaction("crm", Cause("test")) as unit:
            unit.record(Change("User", None, {"userName": login, "active": True}))

    @property
    def waits(self) -> bool:
        with open_store(self.settings) as store:
            return store.audit_log.waits()

    @property
    def signed(self) -> int:
        with open_store(self.settings) as store, store.audit_log.reading_log() as log:
            newest = log.newest_checkpoint()
        return newest.size if newest else 0


def site(folder: Path, *, with_key: bool) -> Site:
    path = folder / "config.toml"
    file = folder / "audit.key"
    key = f'signing_key_file = "{file}"' if with_key else ""
    path.write_text(CONFIGURATION.format(folder=folder, key=key))
    write_signing_key(file, SigningKey.new(ORIGIN))
    made = Site(load_settings(path))
    upgrade_database(made.settings)
    return made


@pytest.mark.parametrize("with_key", [True, False])
def test_what_waits_is_sealed_before_the_run_and_the_rest_with_its_end(tmp_path: Path, *, with_key: bool) -> None:
    made = site(tmp_path, with_key=with_key)
    made.write("ann")
    with sealing_beside_a_run(made.settings):
        assert not made.waits
        assert made.signed == int(with_key)
        made.write("bob")
    assert not made.waits
    with open_store(made.settings) as store:
        store.audit_log.release(store.audit_log.take("the next", LEASE))


def test_a_worker_that_seals_is_left_alone(tmp_path: Path) -> None:
    made = site(tmp_path, with_key=True)
    made.write("ann")
    with open_store(made.settings) as store:
        token = store.audit_log.take("the worker", LEASE)
        with sealing_beside_a_run(made.settings):
            assert made.waits
        store.audit_log.release(token)
    assert made.waits
