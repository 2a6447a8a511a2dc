"""The worker and `syncd up` as a service manager runs them."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from syncd.bootstrap.settings import load_settings
from syncd.bootstrap.stores import open_store, upgrade_database
from syncd.core.changes import Cause, Change
from syncd.simulator import SimulatedOrg
from syncd.store import SqlDatabase
from tests.support.program import Program, free_port, running

APP_ID, TOKEN = "0oaservices000000001", "00-services-token"

CONFIGURATION = """\
[database]
url = "sqlite:///{folder}/syncd.db"
[server]
port = {port}
[okta]
org_url = "{org}"
api_token = "{token}"
[apps.crm]
okta_app_id = "{app}"
apply = true
"""


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[tuple[Path, int, str]]:
    """An installation with one account that Okta has deactivated: its file, its port, the account's id."""
    org = SimulatedOrg.start(scim_url="http://127.0.0.1:9/scim/v2", scim_token="unused", api_token=TOKEN, app_id=APP_ID)
    with org:
        port, path = free_port(), tmp_path / "config.toml"
        text = CONFIGURATION.format(folder=tmp_path, port=port, org=org.url, token=TOKEN, app=APP_ID)
        path.write_text(text, encoding="utf-8")
        org.assign(org.create_user("stays@example.com", "Stays", "Here"))
        gone = org.create_user("gone@example.com", "Gone", "Away")
        org.deactivate(gone)
        upgrade_database(load_settings(path))
        with open_store(load_settings(path)) as store, store.transaction("crm", Cause("test")) as unit:
            document = {"userName": "gone@example.com", "externalId": gone, "active": True}
            stored = unit.record(Change("User", None, document))
        assert stored is not None
        yield path, port, stored.id


def wait_until_closed(store: SqlDatabase, account_id: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with store.reading("crm") as unit:
            if unit.resources.read("User", account_id).document["active"] is False:
                return
        time.sleep(0.1)
    raise AssertionError("the account is still open")


def test_a_worker_that_never_ran_makes_up_for_the_night_and_stops_when_told(installed: tuple[Path, int, str]) -> None:
    path, _, account_id = installed
    worker = Program("worker", "--config", str(path), log=path.parent / "worker.log")
    try:
        with open_store(load_settings(path)) as store:
            wait_until_closed(store, account_id)
    finally:
        code = worker.stop()
    told = worker.log.read_text()
    assert code == 0, told
    assert "run ended" in told
    assert TOKEN not in told


def test_up_runs_both_and_ends_both(installed: tuple[Path, int, str]) -> None:
    path, port, account_id = installed
    ready = f"http://127.0.0.1:{port}/readyz"
    with running("up", "--config", str(path), log=path.parent / "up.log", ready=ready) as program:
        with open_store(load_settings(path)) as store:
            wait_until_closed(store, account_id)
        assert program.stop() == 0, program.log.read_text()
    with pytest.raises(requests.ConnectionError):
        requests.get(ready, timeout=2)
