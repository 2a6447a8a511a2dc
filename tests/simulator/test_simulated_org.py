"""Starting and stopping an org."""

import time
from threading import Thread
from urllib.parse import urlsplit

import pytest
import requests

from syncd.simulator import RequestFault, SimulatedOrg
from tests.simulator.conftest import APP_ID
from tests.simulator.scim_recorder import TOKEN, ScimRecorder
from tests.simulator.wire import get


def test_an_org_has_an_app_and_a_token_of_its_own_by_default(scim: ScimRecorder) -> None:
    with SimulatedOrg.start(scim_url=scim.url, scim_token=TOKEN) as org:
        answer = requests.get(
            f"{org.url}/api/v1/apps/{org.app_id}", headers={"Authorization": f"SSWS {org.api_token}"}, timeout=5
        )
    assert (answer.status_code, len(org.app_id), len(org.api_token)) == (200, 20, 42)


def test_the_space_that_oktas_sdk_leaves_out_is_no_reason_to_refuse(org: SimulatedOrg) -> None:
    answer = requests.get(f"{org.url}/api/v1/apps", headers={"Authorization": f"SSWS{org.api_token}"}, timeout=5)
    assert answer.status_code == 200


def test_an_org_starts_again_on_the_same_port(scim: ScimRecorder) -> None:
    port = 0
    for _ in range(3):
        with SimulatedOrg.start(scim_url=scim.url, scim_token=TOKEN, port=port) as org:
            port = urlsplit(org.url).port or 0
            assert get(org.url, "/api/v1/users").status == 401


def test_a_port_that_is_taken_is_told(org: SimulatedOrg, scim: ScimRecorder) -> None:
    with pytest.raises(OSError, match="in use"):
        SimulatedOrg.start(scim_url=scim.url, scim_token=TOKEN, port=urlsplit(org.url).port or 0)


def test_an_unknown_style_is_told(scim: ScimRecorder) -> None:
    with pytest.raises(ValueError, match="wizardry"):
        SimulatedOrg.start(scim_url=scim.url, scim_token=TOKEN, style="wizardry")


def test_stopping_lets_go_of_what_hangs(org: SimulatedOrg) -> None:
    org.faults.on_page(RequestFault.HANG, 1)
    answers: list[bytes] = []
    waiting = Thread(target=lambda: answers.append(get(org.url, f"/api/v1/apps/{APP_ID}/users", 30).data))
    waiting.start()
    while org.faults.in_force():
        time.sleep(0.01)
    org.stop()
    waiting.join(5)
    assert answers == [b""]
