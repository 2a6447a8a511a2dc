"""The event hook's endpoint: whoever knows the secret wakes the worker, and nobody learns or does anything else."""

import threading

import pytest
from flask.testing import FlaskClient

from scim.errors import Unavailable
from scim.exchange import Limits, ScimResponse
from syncd.bootstrap.ringing import Ringer
from syncd.web.app import create_app
from syncd.web.event_hook import LONGEST_CHALLENGE, PATH, EventHook, add_event_hook
from tests.scheduler.running import wait_until
from tests.web.test_app import client as client_without_hook
from tests.web.test_tokens import TOKEN, Noon, tokens

SECRET = "hook-secret-4711-and-more"
CHALLENGE = "x-okta-verification-challenge"


class Rung:
    """Counts."""

    def __init__(self) -> None:
        self.count = 0

    def ring(self) -> None:
        self.count += 1


def client(rung: Rung) -> FlaskClient:
    app = create_app(tokens(), Noon(), lambda *_: ScimResponse(200, b"{}"), Limits(), lambda: None)
    add_event_hook(app, EventHook(SECRET, rung.ring))
    return app.test_client()


def test_the_challenge_is_given_back_once_and_for_all() -> None:
    rung = Rung()
    response = client(rung).get(PATH, headers={CHALLENGE: "a-Challenge_123"})
    assert (response.status_code, response.get_json()) == (200, {"verification": "a-Challenge_123"})
    assert response.content_type == "application/json"
    assert rung.count == 0


@pytest.mark.parametrize("challenge", ["", "x" * (LONGEST_CHALLENGE + 1), "\u00e4"])
def test_a_challenge_that_is_none_is_refused(challenge: str) -> None:
    assert client(Rung()).get(PATH, headers={CHALLENGE: challenge}).status_code == 400


def test_the_secret_rings_whatever_the_body_says() -> None:
    rung = Rung()
    for body in (b'{"data":{"events":[]}}', b"", b"no json \xff"):
        response = client(rung).post(PATH, data=body, headers={"Authorization": SECRET})
        assert (response.status_code, response.data) == (204, b"")
    assert rung.count == 3


@pytest.mark.parametrize(
    "presented", [None, "", SECRET[:-1], f"{SECRET}x", SECRET.upper(), f"Bearer {SECRET}", f"Bearer {TOKEN}", "\u00e4"]
)
def test_anything_else_rings_nothing(presented: str | None) -> None:
    rung = Rung()
    headers = {} if presented is None else {"Authorization": presented}
    response = client(rung).post(PATH, data=b"{}", headers=headers)
    assert response.status_code == 401
    assert SECRET.encode() not in response.data
    assert rung.count == 0


def test_the_secret_opens_nothing_else() -> None:
    response = client(Rung()).get("/scim/v2/Users", headers={"Authorization": f"Bearer {SECRET}"})
    assert response.status_code == 401


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_are_refused(method: str) -> None:
    assert client(Rung()).open(PATH, method=method, headers={"Authorization": SECRET}).status_code == 405


def test_without_a_secret_there_is_no_such_endpoint() -> None:
    assert client_without_hook().post(PATH, headers={"Authorization": SECRET}).status_code == 404


class SlowBell:
    """A bell whose database is slow, and sometimes away."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.release = threading.Event()
        self.rung = 0
        self.away = False

    def ring(self) -> None:
        self.begun.set()
        assert self.release.wait(5)
        if self.away:
            raise Unavailable("away")
        self.rung += 1

    def rings(self) -> int:
        return self.rung


def test_a_call_does_not_wait_for_the_database_and_many_calls_ring_once_more() -> None:
    bell = SlowBell()
    ringer = Ringer(bell)
    ringer.ring()
    assert bell.begun.wait(2)
    for _ in range(100):
        ringer.ring()
    assert bell.rung == 0
    bell.release.set()
    wait_until(lambda: bell.rung == 2)


def test_a_database_that_is_away_is_borne() -> None:
    bell = SlowBell()
    bell.away = True
    bell.release.set()
    ringer = Ringer(bell)
    ringer.ring()
    assert bell.begun.wait(2)
    bell.away = False
    ringer.ring()
    wait_until(lambda: bell.rung >= 1)
