"""The commands that are printed after a run: whoever gives them gets what was shown."""

import json
import re
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from syncd.cli.next_steps import after_reconciling
from syncd.cli.reporting import show_told
from syncd.core.guard import Ground, Objection, Verdict
from syncd.core.planning import Item, Plan
from syncd.core.reports import DriftReport
from syncd.core.situations import Effect, Situation
from tests.cli.conftest import Office

Capture = pytest.CaptureFixture[str]
PEOPLE = ("ada@example.com", "bob@example.com", "cid@example.com")
SETTINGS = """\
min_listing_percent = 0
[apps.crm.modes]
ghost = "propose"
[apps.crm.guard]
maintenance = {windows}
[apps.crm.rules.ghost]
grace_hours = 0
[apps.crm.rules.zombie-deprovisioned]
max_count = {most}
"""
APPROVE, CARRY_OUT, WAITING = "When it is right", "To carry it out", "For what waits for an approval"
ALWAYS = ["0 * * * * for 2 hours"]
REASON = "it can't wait; see #7"


@dataclass
class Desk:
    """A terminal of an installation whose org pushes nothing: what is typed, and what is printed."""

    office: Office
    capture: Capture
    okta_ids: dict[str, str]

    def set_up(self, most: int = 20, windows: list[str] | None = None) -> None:
        """Write the configuration: how many people may be closed in one plan, and when nothing is repaired."""
        self.office.configure()
        with self.office.path.open("a", encoding="utf-8") as file:
            file.write(SETTINGS.format(most=most, windows=windows or []))

    def type(self, *arguments: str, code: int) -> str:
        """Return what a command prints, which ends with that code."""
        self.capture.readouterr()
        assert self.office.syncd(*arguments) == code
        return self.capture.readouterr().out

    def follow(self, printed: str, label: str, code: int) -> str:
        """Give the command that was printed under that label, with what it leaves open filled in."""
        (line,) = (one for one in printed.splitlines() if one.startswith(f"{label}: syncd "))
        words = shlex.split(line.removeprefix(f"{label}: syncd "))
        return self.type(*({"NAME": "Bob", "...": "seen"}.get(word, word) for word in words), code=code)

    def last_run(self) -> str:
        """Return the id of the youngest run."""
        run: str = json.loads(self.type("plan", "list", "--json", code=0))[0]["run"]
        return run


@pytest.fixture
def desk(installed: Office, capsys: Capture) -> Desk:
    """Three people, assigned and with accounts."""
    desk = Desk(installed, capsys, installed.employ(*PEOPLE))
    desk.set_up()
    desk.type("drift-report", code=0)
    return desk


def newcomer(desk: Desk) -> None:
    desk.office.org.assign(desk.office.org.create_user("new@example.com", "Pat", "Oak"))


def labels(printed: str) -> list[str]:
    return [line.partition(":")[0] for line in printed.splitlines() if re.match(r"[^:|]+: syncd ", line)]


def test_the_printed_command_repeats_what_the_run_was_asked_with(desk: Desk) -> None:
    desk.set_up(windows=ALWAYS)
    newcomer(desk)
    shown = desk.type("reconcile", "--only", "ghost,lapsed", "--despite-window", REASON, code=2)
    assert labels(shown) == [APPROVE, CARRY_OUT]
    approved = desk.follow(shown, APPROVE, 0)
    assert "give it the same --only again" in approved
    assert "1 done" in desk.follow(shown, CARRY_OUT, 0)


def test_what_is_left_to_approve_after_a_run_is_shown_by_a_dry_run(desk: Desk) -> None:
    newcomer(desk)
    desk.office.org.deactivate(desk.okta_ids[PEOPLE[0]])
    done = desk.type("reconcile", "--apply", "--only", "ghost,zombie-deprovisioned", code=2)
    assert "1 done, 1 waiting" in done
    assert labels(done) == [WAITING]
    shown = desk.follow(done, WAITING, 2)
    assert labels(shown) == [APPROVE, CARRY_OUT]
    desk.follow(shown, APPROVE, 0)
    carried = desk.follow(shown, CARRY_OUT, 0)
    assert ("1 done" in carried, labels(carried)) == (True, [])


def test_a_run_of_which_all_waits_for_an_approval_says_how_to_give_it(desk: Desk) -> None:
    newcomer(desk)
    waits = desk.type("reconcile", "--apply", code=2)
    assert labels(waits) == [APPROVE]
    approved = desk.follow(waits, APPROVE, 0)
    assert "--only" not in approved
    assert "1 done" in desk.follow(approved, CARRY_OUT, 0)


def test_an_approved_plan_is_not_said_to_be_blocked(desk: Desk) -> None:
    desk.set_up(most=0)
    desk.office.org.deactivate(desk.okta_ids[PEOPLE[0]])
    shown = desk.type("reconcile", code=4)
    assert "\nBlocked: " in shown
    desk.follow(shown, APPROVE, 0)
    again = desk.type("reconcile", code=2)
    assert labels(again) == [CARRY_OUT]
    done = desk.follow(again, CARRY_OUT, 0)
    assert re.search(r"^Overruled by approval \S+: 1 ", done, re.MULTILINE)
    assert ("Blocked" in done, labels(done)) == (False, [])
    told = desk.type("drift-report", "--from-run", desk.last_run(), code=0)
    assert ("Overruled by approval" in told, labels(told)) == (True, [])


def test_what_no_approval_overrules_is_shown_as_what_blocks(desk: Desk) -> None:
    newcomer(desk)
    told = json.loads(desk.type("drift-report", "--json", code=2))
    plan = told["report"]["plan"] | {"approval": "a1", "objections": ["too many", "events wait"]}
    blocked = {"exitCode": 4, "message": "the plan is blocked: events wait. Nothing was changed"}
    show_told({**told, **blocked, "report": {**told["report"], "plan": plan}})
    shown = desk.capture.readouterr().out
    assert "Overruled by approval a1: too many\nBlocked: events wait\n" in shown


def test_an_earlier_report_of_a_plan_that_was_carried_out_offers_no_repair(desk: Desk) -> None:
    newcomer(desk)
    desk.office.org.deactivate(desk.okta_ids[PEOPLE[0]])
    assert labels(desk.type("drift-report", code=2)) == ["To repair"]
    desk.type("reconcile", "--apply", code=2)
    assert labels(desk.type("drift-report", "--from-run", desk.last_run(), code=2)) == []


def test_an_undo_that_is_blocked_says_how_it_gets_approved_and_the_approval_what_to_give_then(desk: Desk) -> None:
    desk.office.org.deactivate(desk.okta_ids[PEOPLE[0]])
    desk.type("reconcile", "--apply", code=0)
    run = desk.last_run()
    desk.office.org.activate(desk.okta_ids[PEOPLE[0]])
    desk.office.org.assign(desk.okta_ids[PEOPLE[0]])
    assert labels(desk.type("undo", run, code=2)) == [CARRY_OUT]
    desk.set_up(most=0)
    shown = desk.type("undo", run, code=4)
    assert labels(shown) == ["To have it approved, first"]
    blocked = desk.follow(shown, "To have it approved, first", 4)
    assert labels(blocked) == ["To have it approved"]
    assert "Then give the same command again." in blocked
    approved = desk.follow(blocked, "To have it approved", 0)
    assert f"syncd undo {run} --app crm --apply" in approved
    assert "1 done" in desk.follow(approved, CARRY_OUT, 0)


ITEM = Item(Effect.DEACTIVATE, Situation.ORPHAN_GONE, "a1", "ann", "00u1", 3, "gone")
AUDIT = Objection(Ground.AUDIT, "events wait")
BUDGET = Objection(Ground.BUDGET, "used up")


@pytest.mark.parametrize(
    ("verdict", "offered"),
    [
        (Verdict((AUDIT,)), False),
        (Verdict((AUDIT, BUDGET)), True),
        (Verdict((BUDGET,)), True),
        (Verdict((BUDGET,), "approval"), False),
        (Verdict((AUDIT, BUDGET), "approval"), False),
        (Verdict(), False),
    ],
)
def test_an_approval_is_offered_where_it_would_overrule_something(verdict: Verdict, *, offered: bool) -> None:
    plan, now = Plan((ITEM,), (), "digest"), datetime(2026, 3, 1, tzinfo=UTC)
    report = DriftReport("crm", "run", "snapshot", now, now, 1, 1, 1, 100.0, {}, (), plan, verdict, "policy")
    lines = list(after_reconciling("syncd reconcile --app crm", report, (), to_be_applied=False))
    assert lines == (['When it is right: syncd plan approve digest --app crm --by NAME --reason "..."'] * offered)


@pytest.mark.parametrize(
    "arguments",
    [
        ("reconcile", "--only", ""),
        ("reconcile", "--despite-window", " "),
        ("drift-report", "--from-run", ""),
        ("drift-report", "--fail-on", ""),
    ],
)
def test_an_option_that_is_given_blank_is_refused_and_not_left_out(office: Office, arguments: tuple[str, ...]) -> None:
    assert office.syncd(*arguments) == 64
