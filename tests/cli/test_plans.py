"""`syncd plan` and `syncd quarantine`: what they say of runs, plans, approvals and groups."""

import json
from typing import Any

import pytest

from scim.resource import Member, MembershipChange
from syncd.bootstrap.settings import load_settings
from syncd.bootstrap.stores import open_store
from syncd.cli.failures import ERROR
from syncd.core.changes import Cause, Change
from tests.cli.conftest import Office

Capture = pytest.CaptureFixture[str]
WHY = ("--by", "bob", "--reason", "they left")


def tell(office: Office, text: str) -> None:
    with office.path.open("a", encoding="utf-8") as file:
        file.write(text)


def said(office: Office, capsys: Capture, *command: str) -> Any:
    capsys.readouterr()
    office.syncd(*command, "--json")
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def stopped(installed: Office) -> Office:
    """An installation with one plan in quarantine: somebody who left has an account, and is in a group."""
    tell(installed, "groups = true\nmax_deactivations = 0\nmin_listing_percent = 0\n")
    ada, eve = (installed.org.create_user(f"{name}@example.com", name, "L") for name in ("ada", "eve"))
    with open_store(load_settings(installed.path)) as store, store.transaction("crm", Cause("test")) as unit:
        made = {}
        for person, login in ((ada, "ada@example.com"), (eve, "eve@example.com")):
            document = {"userName": login, "externalId": person, "active": True}
            made[person] = unit.record(Change("User", None, document))
            assert made[person] is not None
        members = MembershipChange(add=tuple(Member(one.id) for one in made.values() if one))
        unit.record(Change("Group", None, {"displayName": "Guides"}, members))
    for person in (ada, eve):
        installed.org.assign(person)
    installed.org.push_group(installed.org.create_group("Guides", [ada]))
    installed.org.deactivate(ada)
    installed.org.drain()
    assert installed.syncd("reconcile", "--apply", "--quiet") == 4
    return installed


# ------------------------------------------------------------------ runs without a plan


def test_a_run_that_made_no_plan_is_told_with_what_it_ended_with(installed: Office, capsys: Capture) -> None:
    assert installed.syncd("drift-report", "--quiet") == 3
    run = said(installed, capsys, "plan", "list")[0]["run"]
    assert installed.syncd("plan", "show") == 0
    shown = capsys.readouterr().out
    assert f"Run {run} (drift-report, " in shown
    assert "made no plan: it ended with 3." in shown
    assert "None" not in shown
    assert "Nothing to do" not in shown


def test_where_there_was_no_run_the_last_plan_is_told_with_how_to_begin(installed: Office, capsys: Capture) -> None:
    assert installed.syncd("plan", "show") == ERROR
    assert "crm has had no run yet. Begin with: syncd drift-report --app crm" in capsys.readouterr().err


# ------------------------------------------------------------------ groups


@pytest.mark.parametrize("command", ["plan", "quarantine"])
def test_a_plan_names_the_group_that_somebody_is_taken_out_of(stopped: Office, capsys: Capture, command: str) -> None:
    named = [said(stopped, capsys, "quarantine", "list")[0]["id"]] if command == "quarantine" else []
    assert stopped.syncd(command, "show", *named) == 0
    shown = capsys.readouterr().out.splitlines()
    assert any("effect" in line and "group" in line for line in shown)
    assert any("remove-member" in line and "Guides" in line for line in shown), shown


def test_a_plan_without_groups_has_no_column_of_them(installed: Office, capsys: Capture) -> None:
    person = installed.org.create_user("ada@example.com", "Ada", "L")
    installed.org.assign(person)
    tell(installed, '[apps.crm.modes]\nghost = "propose"\n[apps.crm.rules.ghost]\ngrace_hours = 0\n')
    installed.org.drain()
    assert installed.syncd("drift-report", "--quiet") == 2
    capsys.readouterr()
    assert installed.syncd("plan", "show") == 0
    shown = capsys.readouterr().out
    assert "create" in shown
    assert "group" not in shown


# ------------------------------------------------------------------ approvals of what is in quarantine


def test_a_quarantine_tells_of_the_approval_of_its_plan(stopped: Office, capsys: Capture) -> None:
    (one,) = said(stopped, capsys, "quarantine", "list")
    assert one["approved"] is None
    assert stopped.syncd("quarantine", "release", one["id"], *WHY) == 0
    (one,) = said(stopped, capsys, "quarantine", "list")
    approved = said(stopped, capsys, "quarantine", "show", one["id"])["approved"]
    assert approved == one["approved"]
    assert approved["by"] == "bob"
    assert stopped.syncd("quarantine", "show", one["id"]) == 0
    assert f"approved by bob until {approved['until']}, once" in capsys.readouterr().out
    stopped.syncd("quarantine", "list")
    shown = capsys.readouterr().out
    for told in (one["id"], one["plan"], "by bob until", approved["until"]):
        assert told in shown


def test_a_quarantine_that_has_ended_is_shown_and_neither_released_nor_discarded(
    stopped: Office, capsys: Capture
) -> None:
    (one,) = said(stopped, capsys, "quarantine", "list")
    assert stopped.syncd("quarantine", "discard", one["id"], "--reason", "wrong") == 0
    capsys.readouterr()
    assert stopped.syncd("quarantine", "show", one["id"]) == 0
    shown = capsys.readouterr().out
    assert "discarded by" in shown
    assert "syncd quarantine release" not in shown
    assert said(stopped, capsys, "quarantine", "show", one["id"])["outcome"] == "discarded"
    for command in (["release", one["id"], *WHY], ["discard", one["id"], "--reason", "again"]):
        assert stopped.syncd("quarantine", *command) == ERROR
        assert "syncd quarantine list --app crm" in capsys.readouterr().err
