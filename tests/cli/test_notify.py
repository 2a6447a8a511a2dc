"""`syncd notify` and `syncd storm`: whether messages get through, what stands, and what a storm closed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scim.resource import MembershipChange
from syncd.bootstrap.settings import load_settings
from syncd.bootstrap.stores import open_store
from syncd.cli.operator import actor
from syncd.core.changes import Cause, Change
from tests.cli.conftest import Office
from tests.delivery.web_receiver import WebReceiver, web_receiver

SECRET = "a secret of the tests, long enough"


@pytest.fixture
def receiver() -> Iterator[WebReceiver]:
    with web_receiver() as receiver:
        yield receiver


def tell(office: Office, text: str) -> None:
    with office.path.open("a", encoding="utf-8") as file:
        file.write(text)


def told_by(office: Office, receiver: WebReceiver) -> None:
    tell(office, f"[notify]\nwebhook_url = '{receiver.url}/hook'\nwebhook_secret = '{SECRET}'\n")


def close(path: Path, *names: str) -> list[str]:
    """Make accounts, and close them as a push does; return their ids."""
    ids = []
    with open_store(load_settings(path)) as store:
        for name in names:
            with store.transaction("crm", Cause("token:t1")) as unit:
                made = unit.record(Change("User", None, {"userName": name, "active": True}))
                assert made is not None
                unit.resources.update(made, {**made.document, "active": False}, MembershipChange())
                ids.append(made.id)
    return ids


def test_a_test_message_goes_every_way_and_says_how_it_fared(
    installed: Office, receiver: WebReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    told_by(installed, receiver)
    tell(installed, "slack_url = 'http://127.0.0.1:9/services/TheSecretPart'\n")
    assert installed.syncd("notify", "test") == 1
    shown = capsys.readouterr()
    assert "webhook" in shown.out
    assert "arrived" in shown.out
    assert "no answer" in shown.out
    assert json.loads(receiver.posted[0].body)["type"] == "test"
    assert "TheSecretPart" not in shown.out + shown.err


def test_a_test_for_machines(installed: Office, receiver: WebReceiver, capsys: pytest.CaptureFixture[str]) -> None:
    told_by(installed, receiver)
    assert installed.syncd("notify", "test", "--json") == 0
    assert json.loads(capsys.readouterr().out) == [{"channel": "webhook", "arrived": True, "failure": None}]


def test_without_a_way_a_test_says_what_to_set(installed: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert installed.syncd("notify", "test") == 0
    assert "No way is configured" in capsys.readouterr().out


def test_what_stands_is_listed_until_it_is_over(installed: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert installed.syncd("notify", "list") == 0
    assert "Nothing stands." in capsys.readouterr().out
    assert installed.syncd("drift-report") == 3
    capsys.readouterr()
    assert installed.syncd("notify", "list") == 0
    shown = capsys.readouterr().out
    assert "crm: Okta could not be read completely (listing)" in shown
    assert installed.syncd("notify", "list", "--json") == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert one["remedy"] in shown
    assert (one["kind"], one["reason"], one["ended"]) == ("source-unhealthy", "source-unhealthy:listing", None)
    installed.org.assign(installed.org.create_user("ada@example.com", "Ada", "L"))
    assert installed.syncd("drift-report") == 2
    capsys.readouterr()
    assert installed.syncd("notify", "list", "--app", "crm") == 0
    assert "Nothing stands." in capsys.readouterr().out
    assert installed.syncd("notify", "list", "--all", "--json") == 0
    (over,) = json.loads(capsys.readouterr().out)
    assert over["ended"] is not None


def test_a_run_of_the_timer_tells_by_itself_however_it_ends(installed: Office, receiver: WebReceiver) -> None:
    told_by(installed, receiver)
    for _ in range(2):
        assert installed.syncd("reconcile", "--as-configured") == 3
    (posted,) = receiver.posted
    assert json.loads(posted.body)["reasons"][0]["kind"] == "source-unhealthy"


def test_a_receiver_that_is_away_fails_no_run(installed: Office, receiver: WebReceiver) -> None:
    told_by(installed, receiver)
    receiver.vanish()
    installed.org.assign(installed.org.create_user("ada@example.com", "Ada", "L"))
    assert installed.syncd("reconcile", "--as-configured") == 2


def test_half_of_a_way_is_told_before_the_run(installed: Office, capsys: pytest.CaptureFixture[str]) -> None:
    tell(installed, "[notify]\nwebhook_url = 'https://hooks.example.com'\n")
    assert installed.syncd("reconcile", "--as-configured") == 78
    assert "notify.webhook_secret is missing" in capsys.readouterr().err


def test_where_no_storm_was_ever_noticed_the_list_is_empty_and_nothing_can_be_undone(
    installed: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    assert installed.syncd("storm", "list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert installed.syncd("storm", "list") == 0
    assert "No storm was noticed at crm." in capsys.readouterr().out
    assert installed.syncd("storm", "undo", "--expect", "1") == 1
    assert "no storm was noticed at crm" in capsys.readouterr().err


def test_a_storm_is_listed_and_undone(installed: Office, capsys: pytest.CaptureFixture[str]) -> None:
    ids = close(installed.path, "ann", "bob")
    assert installed.syncd("storm", "list", "--since", "2026-01-01") == 0
    shown = capsys.readouterr().out
    assert "To open them: syncd storm undo --app crm --since 2026-01-01T00:00:00Z --expect 2" in shown
    assert installed.syncd("storm", "undo", "--since", "2026-01-01T00:00:00Z", "--expect", "3") == 1
    assert "2 accounts would be opened, not 3" in capsys.readouterr().err
    assert installed.syncd("storm", "undo", "--since", "2026-01-01T00:00:00Z", "--expect", "2") == 0
    assert "Opened 2 accounts." in capsys.readouterr().out
    with open_store(load_settings(installed.path)) as store, store.reading("crm") as unit:
        assert {unit.audit_trail(subject_id=one, limit=1)[0].actor for one in ids} == {actor()}
    assert installed.syncd("storm", "list", "--since", "2026-01-01", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(one["account"], one["objection"]) for one in listed] == [(one, "it is open already") for one in ids]
