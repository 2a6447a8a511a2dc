"""A revocation whose push got lost is found in Okta's System Log, with its rate limits on, within two minutes."""

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
import requests
from sqlalchemy import update

from syncd.bootstrap.following import Follower
from syncd.bootstrap.settings import load_settings
from syncd.bootstrap.stores import create_token, open_store, upgrade_database
from syncd.config import Settings
from syncd.core.changes import Cause
from syncd.simulator import WORKFORCE, SimulatedOrg
from syncd.store import SqlDatabase
from syncd.store.log_tables import hint
from tests.support.program import Program, free_port, running

APP_ID, TOKEN, SECRET = "0oadelta000000000001", "00-delta-token", "a-secret-for-the-event-hook"
WITHIN = 120.0

CONFIGURATION = """\
[database]
url = "sqlite:///{folder}/syncd.db"
[server]
port = {port}
event_hook_secret = "{secret}"
[okta]
org_url = "{org}"
api_token = "{token}"
poll_seconds = {poll_seconds}
[apps.crm]
okta_app_id = "{app}"
apply = true
"""


@dataclass
class Installation:
    """A running endpoint with an org that pushes to it."""

    org: SimulatedOrg
    path: Path
    port: int

    @property
    def settings(self) -> Settings:
        return load_settings(self.path)

    def hire(self, login: str) -> str:
        person = self.org.create_user(login, "Ada", "Lovelace")
        self.org.assign(person)
        self.org.drain()
        return person

    def is_open(self, login: str) -> bool:
        with open_store(self.settings) as store, store.reading("crm") as unit:
            (account,) = unit.find_accounts(login)
            return account.active

    def wait_until_closed(self, login: str, seconds: float = WITHIN) -> float:
        began = time.monotonic()
        while self.is_open(login):
            assert time.monotonic() - began < seconds, "the account is still open"
            time.sleep(0.2)
        return time.monotonic() - began


@pytest.fixture
def poll_seconds() -> int:
    return 60


@pytest.fixture
def installation(tmp_path: Path, poll_seconds: int) -> Iterator[Installation]:
    port, path = free_port(), tmp_path / "config.toml"

    def configure(org_url: str) -> None:
        text = CONFIGURATION.format(
            folder=tmp_path, port=port, org=org_url, token=TOKEN, app=APP_ID, secret=SECRET, poll_seconds=poll_seconds
        )
        path.write_text(text, encoding="utf-8")

    configure("http://127.0.0.1:1")
    upgrade_database(load_settings(path))
    made = create_token(load_settings(path), "crm", "the org")
    base = f"http://127.0.0.1:{port}"
    org = SimulatedOrg.start(scim_url=f"{base}/scim/v2", scim_token=made.token, api_token=TOKEN, app_id=APP_ID)
    with org:
        configure(org.url)
        org.rate_limits.per_minute.update(WORKFORCE)
        with running("serve", "--config", str(path), log=tmp_path / "serve.log", ready=f"{base}/readyz"):
            yield Installation(org, path, port)


@dataclass
class Desk:
    """Notes whom it was given, and deals with them when it may."""

    given: list[str] = field(default_factory=list)
    works: bool = True

    def __call__(self, removals: Mapping[str, datetime | None]) -> Collection[str]:
        self.given += removals
        return removals.keys() if self.works else ()


@pytest.fixture
def store(installation: Installation) -> Iterator[SqlDatabase]:
    with open_store(installation.settings) as opened:
        yield opened


def pending(store: SqlDatabase) -> int:
    with store.reading("crm") as unit:
        return unit.hints.count_pending()


def let_time_pass(store: SqlDatabase) -> None:
    with store.transaction("crm", Cause("test")) as unit:
        unit._scope.connection.execute(update(hint).values(due=0))


def test_an_unassignment_whose_push_is_lost_is_seen_noted_and_handed_over(
    installation: Installation, store: SqlDatabase
) -> None:
    desk = Desk()
    follower = Follower(installation.settings, store, "crm", desk, lambda _: None)
    stays, leaves = installation.hire("stays@example.com"), installation.hire("leaves@example.com")
    assert follower(), "it never was followed: a full run is needed"
    assert sorted(desk.given) == sorted([stays, leaves])
    desk.given.clear()
    assert not follower(), "and is asked for once an hour at most"
    assert desk.given == []
    with installation.org.lose_pushes():
        installation.org.unassign(leaves)
        installation.org.drain()
    assert installation.is_open("leaves@example.com")
    desk.works = False
    follower()
    assert (desk.given, pending(store)) == ([leaves], 1)
    desk.works = True
    let_time_pass(store)
    Follower(installation.settings, store, "crm", desk, lambda _: None)()  # as after a restart
    assert (desk.given, pending(store)) == ([leaves, leaves], 0)


@pytest.fixture
def worker(installation: Installation) -> Iterator[Program]:
    program = Program("worker", "--config", str(installation.path), log=installation.path.parent / "worker.log")
    yield program
    code = program.stop()
    told = program.log.read_text()
    assert code == 0, told
    assert TOKEN not in told
    assert SECRET not in told


def at_work(installation: Installation, worker: Program) -> str:
    """Hire some people, wait until the worker has looked at the log and at them, and return one who leaves."""
    for number in range(9):
        installation.hire(f"stays{number}@example.com")
    leaves = installation.hire("leaves@example.com")
    deadline = time.monotonic() + WITHIN
    while "log followed" not in worker.log.read_text():
        assert time.monotonic() < deadline, worker.log.read_text()
        time.sleep(0.2)
    time.sleep(2)
    return leaves


@pytest.mark.parametrize("poll_seconds", [5])
def test_a_lost_revocation_is_applied_within_two_minutes_by_the_interval_alone(
    installation: Installation, worker: Program
) -> None:
    leaves = at_work(installation, worker)
    with installation.org.lose_pushes():
        installation.org.unassign(leaves)
        installation.org.drain()
    installation.wait_until_closed("leaves@example.com")
    assert installation.is_open("stays0@example.com")


def test_an_event_hook_shortens_that_to_seconds(installation: Installation, worker: Program) -> None:
    hook = f"http://127.0.0.1:{installation.port}/okta/events"
    installation.org.register_event_hook(hook, SECRET, ["application.user_membership.remove"])
    leaves = at_work(installation, worker)
    with installation.org.lose_pushes():
        installation.org.unassign(leaves)
        installation.org.drain()
    assert {one.status for one in installation.org.hook_deliveries()} == {204}
    assert installation.wait_until_closed("leaves@example.com") < 30
    assert installation.is_open("stays0@example.com")
    assert requests.post(hook, headers={"Authorization": "wrong"}, timeout=5).status_code == 401
