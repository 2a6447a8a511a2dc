"""The worker tells: an org that cannot be read is one message, and a storm of pushes another."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scim.resource import MembershipChange
from syncd.bootstrap.settings import load_settings
from syncd.bootstrap.stores import open_store, upgrade_database
from syncd.core.changes import Cause, Change
from syncd.simulator import SimulatedOrg
from tests.delivery.web_receiver import WebReceiver, web_receiver
from tests.support.program import Program, free_port

APP_ID, TOKEN = "0oanotifications0001", "00-notifications-token"
SECRET = "a secret of the tests, long enough"
SLACK_PATH = "/services/T0/B0/TheSecretPart"

CONFIGURATION = """\
[database]
url = "sqlite:///{folder}/syncd.db"
[okta]
org_url = "{org}"
api_token = "{token}"
[notify]
webhook_url = "{hook}/hook"
webhook_secret = "{secret}"
slack_url = "{nobody}{slack}"
[apps.crm]
okta_app_id = "{app}"
storm_deactivations = 2
"""


@pytest.fixture
def receiver() -> Iterator[WebReceiver]:
    with web_receiver() as receiver:
        yield receiver


@pytest.fixture
def configuration(tmp_path: Path, receiver: WebReceiver) -> Iterator[Path]:
    """An installation that reads an org without assignments, which nobody believes, with three pushed closures."""
    org = SimulatedOrg.start(scim_url="http://127.0.0.1:9/scim/v2", scim_token="unused", api_token=TOKEN, app_id=APP_ID)
    with org:
        path = tmp_path / "config.toml"
        values = {"folder": tmp_path, "org": org.url, "token": TOKEN, "app": APP_ID, "hook": receiver.url}
        nobody = f"http://127.0.0.1:{free_port()}"
        path.write_text(CONFIGURATION.format(**values, secret=SECRET, nobody=nobody, slack=SLACK_PATH))
        settings = load_settings(path)
        upgrade_database(settings)
        with open_store(settings) as store, store.transaction("crm", Cause("token:t1")) as unit:
            for name in ("ann", "bob", "cleo"):
                made = unit.record(Change("User", None, {"userName": name, "active": True}))
                assert made is not None
                unit.resources.update(made, {**made.document, "active": False}, MembershipChange())
        yield path


def wait_for(receiver: WebReceiver, kind: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if any(json.loads(one.body)["reasons"][0]["kind"] == kind for one in receiver.posted):
            return
        time.sleep(0.1)
    raise AssertionError(f"nobody was told of {kind}")


def worked(path: Path, receiver: WebReceiver, *kinds: str) -> str:
    """Run a worker until the receiver has been told of these, and return its log."""
    worker = Program("worker", "--config", str(path), log=path.parent / "worker.log")
    try:
        for kind in kinds:
            wait_for(receiver, kind)
    finally:
        code = worker.stop()
    told = worker.log.read_text()
    assert code == 0, told
    return told


def test_the_worker_tells_once_and_keeps_secrets_out_of_its_log(configuration: Path, receiver: WebReceiver) -> None:
    told = worked(configuration, receiver, "push-storm")
    # The first look may come before the first run has ended; the next worker looks again at its start.
    told += worked(configuration, receiver, "source-unhealthy")
    kinds = [json.loads(one.body)["reasons"][0]["kind"] for one in receiver.posted]
    assert sorted(kinds) == ["push-storm", "source-unhealthy"]
    assert "notice not delivered" in told
    for secret in (SECRET, SLACK_PATH, "TheSecretPart", TOKEN):
        assert secret not in told
