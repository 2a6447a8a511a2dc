"""A whole installation in a folder, with a simulated org: what `syncd demo` plays on.

The server is the real one, in a process of its own; the reconciler reads the org with the real SDK over HTTP.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import requests

from scim.store import Query
from syncd.bootstrap.okta import run_desk
from syncd.bootstrap.settings import load_settings
from syncd.bootstrap.simulation import simulated_org
from syncd.bootstrap.stores import create_token, open_store, upgrade_database
from syncd.config import Settings
from syncd.core.changes import Cause
from syncd.core.situations import Mode, Situation
from syncd.ports import Announce
from syncd.simulator import SimulatedOrg
from syncd.workflows.explain import Explanation, explain
from syncd.workflows.reconcile import reconcile, report_drift
from syncd.workflows.register_account import register_account
from syncd.workflows.running import RunResult

APP: Final = "demo"
APP_ID: Final = "0oa00000000000000demo"
OKTA_TOKEN: Final = "00-the-simulated-org-accepts-this-one"
PROTECTED: Final = "break.glass@example.com"
GROUPS: Final = ("Engineering", "Sales", "Everybody")
READY_WITHIN: Final = 30.0
DRAINED_WITHIN: Final = 3600.0
LOCAL_ACCOUNT: Final = {"userName": "backup-robot", "displayName": "Backup robot", "active": True}

CONFIGURATION: Final = """\
[database]
url = {database}
[server]
port = {port}
[log]
level = "warning"
format = "plain"
[okta]
org_url = {org_url}
api_token = {okta_token}
[apps.demo]
okta_app_id = {app_id}
protected = [{protected}]
# Nobody wants to watch a demonstration for half an hour.
[apps.demo.rules.ghost]
grace_hours = 0
"""


@dataclass(frozen=True)
class Rehearsal:
    """An org and an installation that know each other."""

    org: SimulatedOrg
    settings: Settings
    announce: Announce

    def push_people(self, count: int) -> int:
        """Hire `count` people, assign them all, push them and their groups; return how many accounts there are then."""
        people = [
            self.org.create_user(_login(number), f"Given{number}", f"Family{number}", department="Engines")
            for number in range(count - 1)
        ]
        people.append(self.org.create_user(PROTECTED, "Break", "Glass"))
        for person in people:
            self.org.assign(person)
        self.org.drain(DRAINED_WITHIN)
        for position, name in enumerate(GROUPS):
            self.org.push_group(self.org.create_group(name, people[position :: len(GROUPS)]))
        self.org.drain(DRAINED_WITHIN)
        return self.count("User")

    def lose_pushes(self) -> tuple[str, ...]:
        """Let the world move while pushes get lost; return what happened, a line each."""
        with self.org.lose_pushes():
            for number in (0, 1, 2):
                self.org.deactivate(_login(number))
            for number in (3, 4):
                self.org.unassign(_login(number))
            self.org.delete(_login(5))
            self.org.suspend(_login(6))
            self.org.update_profile(_login(7), lastName="Married")
            self.org.unassign(PROTECTED)
            for number in (1, 2):
                self.org.assign(self.org.create_user(f"newcomer{number}@example.com", "New", "Comer"))
            self.org.drain(DRAINED_WITHIN)
        with open_store(self.settings) as store:
            register_account(store, APP, Cause("the application"), LOCAL_ACCOUNT)
        return (
            "3 people leave and are deactivated in Okta; the pushes are lost",
            "2 are unassigned from the application; the pushes are lost",
            "1 is deactivated and deleted; the push is lost",
            "1 is suspended: Okta pushes nothing then",
            "1 marries; the push of the new name is lost",
            f"{PROTECTED} is unassigned, and the configuration protects it",
            "2 newcomers are assigned; the pushes are lost",
            "1 account is made inside the application, past Okta",
        )

    def drift_report(self) -> RunResult:
        """Do what `syncd drift-report` does."""
        with run_desk(self.settings, APP, self.announce) as desk:
            return report_drift(desk)

    def reconcile(self, *, apply: bool = False, expected_digest: str | None = None) -> RunResult:
        """Do what `syncd reconcile` does."""
        with run_desk(self.settings, APP, self.announce) as desk:
            return reconcile(desk, apply=apply, expected_digest=expected_digest)

    @property
    def someone(self) -> str:
        """The user name of somebody whose push was lost."""
        return _login(3)

    def explain(self, key: str) -> tuple[Explanation, ...]:
        """Do what `syncd explain` does."""
        with run_desk(self.settings, APP, self.announce) as desk:
            return explain(desk, key)

    def repairs(self, situation: Situation) -> bool:
        """Whether a run repairs that situation by itself."""
        return self.settings.apps[APP].policy().mode(situation) is Mode.AUTO

    def count(self, resource_type: str) -> int:
        """Count the users or the groups in the application's database."""
        with open_store(self.settings) as store, store.reading(APP) as unit:
            return unit.resources.find(Query(resource_type, count=0)).total

    def count_audit_events(self) -> int:
        """Count the application's audit events."""
        with open_store(self.settings) as store, store.reading(APP) as unit:
            return unit.count_audit_events()


@contextmanager
def start_rehearsal(folder: Path, announce: Announce) -> Iterator[Rehearsal]:
    """Install syncd into an empty folder, start it and an org beside it, and end both afterwards.

    Raises RuntimeError with the server's own words when it does not come up.
    """
    port, path = _free_port(), folder / "config.toml"
    # The org has to know the token, and the configuration the org: so the configuration is written twice.
    _configure(path, port, "http://127.0.0.1:1")
    upgrade_database(load_settings(path))
    made = create_token(load_settings(path), APP, "the simulated org")
    base = f"http://127.0.0.1:{port}"
    org = simulated_org(
        port=0, scim_url=f"{base}/scim/v2", scim_token=made.token, okta_token=OKTA_TOKEN, app_id=APP_ID, style="oin"
    )
    with org:
        _configure(path, port, org.url)
        with _server(path, base):
            announce(f"SCIM endpoint at {base}/scim/v2, simulated Okta org at {org.url}")
            yield Rehearsal(org, load_settings(path), announce)


@contextmanager
def _server(path: Path, base: str) -> Iterator[None]:
    log = path.parent / "serve.log"
    with log.open("wb") as output:
        # The arguments are ours, and the interpreter is the one that runs already.
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "syncd", "serve", "--config", str(path)], stdout=output, stderr=output
        )
    try:
        _wait_until_ready(process, base, log)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(process: "subprocess.Popen[bytes]", base: str, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if requests.get(f"{base}/readyz", timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    message = f"the server did not come up at {base}; it said:\n{log.read_text(encoding='utf-8')}"
    raise RuntimeError(message)


def _configure(path: Path, port: int, org_url: str) -> None:
    values = {
        "database": f"sqlite:///{path.parent.resolve() / 'syncd.db'}",
        "org_url": org_url,
        "okta_token": OKTA_TOKEN,
        "app_id": APP_ID,
        "protected": PROTECTED,
    }
    quoted = {name: json.dumps(value) for name, value in values.items()}
    path.write_text(CONFIGURATION.format(port=port, **quoted), encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _login(number: int) -> str:
    return f"person{number:05d}@example.com"
