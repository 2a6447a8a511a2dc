"""An explanation says what is known, which checks hold, and what the next run would do."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from syncd.core.changes import Cause, Change
from syncd.core.consents import Waiver
from syncd.core.groups import Belonging
from syncd.core.policy import Policy
from syncd.core.situations import Situation
from syncd.core.subjects import MarkKind
from syncd.workflows import memberships as memberships_module
from syncd.workflows.decide import give_waiver, mark_account, release_quarantine, unmark_account
from syncd.workflows.explain import Explanation, explain
from syncd.workflows.follow_events import Watch, follow_events
from syncd.workflows.reconcile import reconcile
from syncd.workflows.running import ExitCode
from syncd.workflows.timeline import MOST_ENTRIES, Source
from syncd.workflows.undo import undo
from tests.fakes.event_log import FakeEventLog
from tests.workflows.conftest import APP, Office
from tests.workflows.pushed_groups import form

ANN = Cause("operator:ann", reason="because")


def explained(office: Office, key: str) -> Explanation:
    (one,) = explain(office.desk, key)
    return one


@pytest.mark.parametrize("by", ["user name", "user name in capitals", "SCIM id", "Okta user id"])
def test_an_account_is_found_by_every_key(office: Office, by: str) -> None:
    account_id = office.hire("ada@example.com")
    keys = {
        "user name": "ada@example.com",
        "user name in capitals": "ADA@EXAMPLE.COM",
        "SCIM id": account_id,
        "Okta user id": office.okta_id("ada@example.com"),
    }
    assert explained(office, keys[by]).account.id == account_id


def test_nobody_is_found_by_a_key_that_nobody_has(office: Office) -> None:
    assert explain(office.desk, "nobody") == ()


def test_somebody_in_sync_is_told_to_be_in_sync(office: Office) -> None:
    told = explained(office, office.hire("ada@example.com"))
    assert told.judgement.finding.situation is Situation.IN_SYNC
    assert told.judgement.verdict.startswith("nothing is done about it")


def test_an_orphan_is_told_with_what_would_happen(office: Office) -> None:
    account_id = office.hire("ada@example.com")
    office.okta.unassign(office.okta_id("ada@example.com"))
    told = explained(office, account_id)
    assert told.judgement.finding.situation is Situation.ORPHAN_UNASSIGNED
    assert "deactivate" in told.judgement.verdict
    assert all(holds for _, holds in told.judgement.checks)
    assert [entry.what for entry in told.timeline] == ["account:created"]


def test_protection_is_named_as_what_holds_the_effect_back(office: Office) -> None:
    account_id = office.hire("ada@example.com")
    office.okta.delete(office.okta_id("ada@example.com"))
    office.policy = Policy(protected=frozenset({account_id}))
    told = explained(office, account_id)
    assert told.judgement.finding.situation is Situation.PROTECTED_DRIFT
    assert ("the account is not protected", False) in told.judgement.checks


def test_an_explanation_without_an_answer_from_okta_says_so(office: Office) -> None:
    account_id = office.hire("ada@example.com")
    office.okta.unanswered.add(office.okta_id("ada@example.com"))
    told = explained(office, account_id)
    assert told.judgement.finding.situation is Situation.UNKNOWN
    assert told.as_json()["okta"]["presence"] == "unknown"


def test_somebody_who_waits_for_a_push_is_told_by_how_old_that_is(office: Office) -> None:
    account_id = office.hire("ada@example.com")
    who = office.okta_id("ada@example.com")
    for age, situation in (
        (timedelta(hours=1), Situation.WITHIN_GRACE),
        (timedelta(hours=25), Situation.SOURCE_SYNC_ERROR),
    ):
        office.okta.assigned[who] = replace(office.okta.assigned[who], app_status="PENDING", age=age)
        told = explained(office, account_id)
        assert told.judgement.finding.situation is situation
        assert told.as_json()["okta"]["ageSeconds"] == age.total_seconds()


def test_what_okta_says_of_the_last_push_is_told(office: Office) -> None:
    account_id = office.hire("ada@example.com")
    who = office.okta_id("ada@example.com")
    office.okta.assigned[who] = replace(office.okta.assigned[who], sync_state="ERROR")
    told = explained(office, account_id)
    assert (told.judgement.finding.situation, told.as_json()["okta"]["syncState"]) == (
        Situation.SOURCE_SYNC_ERROR,
        "ERROR",
    )


# ------------------------------------------------------------------ what would change it


@pytest.mark.parametrize("kind", [MarkKind.PROTECTED, MarkKind.HOLD, MarkKind.EXEMPT])
def test_a_mark_that_holds_an_effect_back_is_told_with_the_command_that_takes_it_off(
    office: Office, kind: MarkKind
) -> None:
    account_id = office.hire("ada@example.com")
    office.okta.delete(office.okta_id("ada@example.com"))
    mark_account(office.database, APP, ANN, account_id, kind)
    remedies = " ".join(explained(office, account_id).judgement.remedies)
    assert f'syncd mark remove {account_id} {kind} --app {APP} --reason "..."' in remedies
    assert remedies.count("syncd mark remove") == 1


def test_a_waiver_is_told_with_the_command_that_ends_it(office: Office) -> None:
    account_id = office.hire("ada@example.com")
    office.okta.delete(office.okta_id("ada@example.com"))
    given = give_waiver(office.database, APP, ANN, account_id, replace(waiver_of(office), situation=None))
    remedies = explained(office, account_id).judgement.remedies
    assert f'end the waiver: syncd waiver end {given.waiver_id} --app {APP} --reason "..."' in remedies


# ------------------------------------------------------------------ maintenance windows

WINDOW = "a maintenance window lasts until 2026-01-31 05:00 UTC"


def explained_in_a_window(office: Office, key: str) -> Explanation:
    (one,) = explain(replace(office.desk, closed=lambda: WINDOW), key)
    return one


def test_in_a_maintenance_window_an_effect_is_told_to_wait_as_the_run_says(office: Office) -> None:
    account_id = office.hire("ada@example.com")
    office.okta.delete(office.okta_id("ada@example.com"))
    told = explained_in_a_window(office, account_id).judgement
    assert told.verdict == f"deactivate waits: {WINDOW}"
    assert ("no maintenance window lasts", False) in told.checks
    assert f'syncd reconcile --app {APP} --apply --despite-window "..."' in " ".join(told.remedies)
    assert ("no maintenance window lasts", True) in explained(office, account_id).judgement.checks


def test_whom_okta_deactivated_waits_for_no_window_and_is_not_told_of_one(office: Office) -> None:
    account_id = office.hire("ada@example.com")
    office.okta.set_status(office.okta_id("ada@example.com"), "DEPROVISIONED")
    told = explained_in_a_window(office, account_id).judgement
    assert told.verdict.startswith("the next run with --apply would deactivate it")
    assert "window" not in " ".join((*told.remedies, *(said for said, _ in told.checks)))


def test_nothing_is_told_of_a_window_where_nothing_would_be_done(office: Office) -> None:
    told = explained_in_a_window(office, office.hire("ada@example.com")).judgement
    assert "window" not in " ".join((*told.remedies, *(said for said, _ in told.checks)))


# ------------------------------------------------------------------ the timeline


def happen(office: Office, event_type: str, okta_user_id: str) -> None:
    """Let Okta write an event down, and read the log."""
    log = FakeEventLog()
    with office.database.reading(APP) as unit:
        log.now = unit.decisions.now()
    log.happen(event_type, okta_user_id)
    watch = Watch(APP, log, office.database, lambda removals: removals.keys(), office.told.append)
    assert follow_events(watch).settled == 1


@pytest.fixture
def eventful(office: Office) -> str:
    """The SCIM id of somebody to whom all happened that can."""
    account_id, _ = office.hire("ada@example.com"), office.hire("eve@example.com")
    who = office.okta_id("ada@example.com")
    with office.database.transaction(APP, Cause("token:1", request_id="req-1")) as unit:
        stored = unit.resources.read("User", account_id)
        unit.record(Change("User", stored, {**stored.document, "title": "Countess", "nickName": "Ada"}))
    mark_account(office.database, APP, ANN, account_id, MarkKind.HOLD)
    unmark_account(office.database, APP, ANN, account_id, MarkKind.HOLD)
    happen(office, "user.lifecycle.suspend", who)
    office.policy = Policy(max_deactivations=0, min_listing_percent=0)
    office.okta.set_status(who, "DEPROVISIONED")
    assert reconcile(office.desk, apply=True).exit_code is ExitCode.BLOCKED
    with office.database.reading(APP) as unit:
        (kept,) = unit.decisions.quarantines()
    release_quarantine(office.database, APP, ANN, kept.quarantine_id, "bob")
    assert reconcile(office.desk, apply=True).exit_code is ExitCode.CLEAN
    give_waiver(office.database, APP, ANN, account_id, waiver_of(office))
    return account_id


def test_the_timeline_has_everything_that_happened_in_order_with_where_each_is_from(
    office: Office, eventful: str
) -> None:
    told = explained(office, eventful).timeline
    assert [entry.at for entry in told] == sorted((entry.at for entry in told), reverse=True)
    found: dict[Source, list[str]] = {}
    for entry in reversed(told):
        found.setdefault(entry.source, []).append(entry.what)
    assert {source: sorted(names) for source, names in found.items()} == {
        Source.BY_HAND: ["account:created"],
        Source.PUSH: ["account:updated"],
        Source.OKTA_LOG: ["user.lifecycle.suspend"],
        Source.PLAN: ["plan:deactivate", "plan:deactivate", "plan:quarantined", "quarantine:ended"],
        Source.RUN: ["account:deactivated"],
        Source.DECISION: [
            "account:marked",
            "account:unmarked",
            "plan:approved",
            "waiver:given",
        ],
    }


def test_an_entry_says_what_became_of_it_by_whom_and_why(office: Office, eventful: str) -> None:
    told = explained(office, eventful).timeline
    planned = [(entry.by, "done" in entry.text, "stopped" in entry.text) for entry in told if "plan:d" in entry.what]
    assert sorted(planned) == [("apply", False, True), ("apply", True, False)]
    by = {entry.what: entry for entry in told}
    assert by["account:updated"].text == "nickName: None -> 'Ada'; title: None -> 'Countess'"
    assert by["account:updated"].detail["request"] == "req-1"
    assert (by["user.lifecycle.suspend"].by, by["user.lifecycle.suspend"].text) == ("admin@example.com", "SUCCESS")
    assert (by["plan:approved"].by, by["plan:approved"].run_id) == ("bob", by["account:deactivated"].run_id)
    assert by["account:marked"].text == "hold; because"
    assert "LAPSED" in by["waiver:given"].text.upper()
    assert by["quarantine:ended"].text.startswith("released")


def test_an_undo_is_in_the_timeline_of_whom_it_is_about(office: Office) -> None:
    account_id, other = office.hire("ada@example.com"), office.hire("eve@example.com")
    who = office.okta_id("ada@example.com")
    row = office.okta.assigned[who]
    office.okta.set_status(who, "DEPROVISIONED")
    office.policy = Policy(max_percent=100, min_listing_percent=0)
    run_id = reconcile(office.desk, apply=True)
    assert run_id.applied == 1
    office.okta.people[who], office.okta.assigned[who] = "ACTIVE", row
    with office.database.reading(APP) as unit:
        done = unit.runs.latest(1)[0].run_id
    assert undo(office.desk, done, apply=True)[1].applied == 1
    told = explained(office, account_id).timeline
    assert [(entry.what, entry.by) for entry in told if entry.source is Source.PLAN] == [
        ("plan:reactivate", "undo"),
        ("plan:deactivate", "apply"),
    ]
    assert [entry.what for entry in explained(office, other).timeline] == ["account:created"]


def test_only_the_youngest_entries_are_told(office: Office) -> None:
    account_id = office.hire("ada@example.com")
    for number in range(MOST_ENTRIES):
        office.edit(account_id, title=f"Number {number}")
    told = explained(office, account_id).timeline
    assert len(told) == MOST_ENTRIES
    assert told[0].text.endswith(f"'Number {MOST_ENTRIES - 1}'")
    assert "account:created" not in [entry.what for entry in told]


def test_a_change_of_many_attributes_is_told_on_one_line(office: Office) -> None:
    account_id = office.hire("ada@example.com")
    office.edit(account_id, title="a", nickName="b", locale="c", timezone="d", userType="e")
    assert explained(office, account_id).timeline[0].text.endswith("; 2 more")


# ------------------------------------------------------------------ memberships


def memberships(told: Explanation) -> list[tuple[str, bool, Belonging | None]]:
    return [(one.name, one.is_here, one.in_okta) for one in told.memberships]


def test_the_groups_that_the_account_is_in_here_are_told(office: Office) -> None:
    account_id = office.hire("ada@example.com")
    inner = form(office, "Inner", [account_id])
    form(office, "Outer", [inner])
    told = explained(office, account_id)
    assert memberships(told) == [("Inner", True, None), ("Outer", True, None)]
    assert [one.detail for one in told.memberships] == [
        "not asked: groups = false",
        "not asked: through a group that is in it",
    ]


@pytest.fixture
def grouped(office: Office) -> str:
    """One person here in three groups, of which Okta pushes two and holds the person in one, and in one more."""
    account_id = office.hire("ada@example.com")
    who = office.okta_id("ada@example.com")
    office.policy = Policy(groups=True)
    for name, is_here, in_okta in (("Both", 1, 1), ("Extra", 1, 0), ("Missing", 0, 1), ("Neither", 0, 0)):
        target = form(office, name, [account_id] if is_here else [])
        office.okta.push_group(name, [who] if in_okta else [], target=target)
    form(office, "Ours", [account_id])
    return account_id


def test_where_groups_are_looked_at_okta_is_asked_about_each(office: Office, grouped: str) -> None:
    told = explained(office, grouped)
    assert sorted(memberships(told), key=str) == [
        ("Both", True, Belonging.MEMBER),
        ("Extra", True, Belonging.NOT_MEMBER),
        ("Missing", False, Belonging.MEMBER),
        ("Ours", True, None),
    ]
    (ours,) = [one for one in told.as_json()["memberships"] if one["name"] == "Ours"]
    assert (ours["okta"], ours["detail"]) == (None, "not asked: no push of Okta names it")


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({}, ""),
        ({"budget_members_day": 0}, "it would not be ended: not so: the budget is not used up"),
        ({"protected": frozenset({"ada@example.com"})}, "it would not be ended: not so: the account is not protected"),
        ({"admin_groups": frozenset({"extra"})}, "it would not be ended: not so: enough administrators stay"),
        ({"admin_groups": frozenset({"both"})}, ""),
    ],
)
def test_what_keeps_a_run_from_ending_a_membership_is_told(
    office: Office, grouped: str, policy: dict[str, Any], said: str
) -> None:
    office.policy = replace(office.policy, **policy)
    details = {one.name: one.detail for one in explained(office, grouped).memberships}
    assert details == {"Both": "", "Extra": said, "Missing": "", "Ours": "not asked: no push of Okta names it"}


def test_a_waiver_keeps_a_membership_from_being_ended(office: Office, grouped: str) -> None:
    give_waiver(office.database, APP, ANN, grouped, replace(waiver_of(office), situation=Situation.MEMBER_EXTRA))
    details = {one.name: one.detail for one in explained(office, grouped).memberships}
    assert details["Extra"] == "it would not be ended: not so: no waiver covers it"


def test_groups_that_okta_does_not_show_are_told_as_not_asked(office: Office, grouped: str) -> None:
    office.okta.groups_hidden = True
    told = explained(office, grouped)
    assert {one.name for one in told.memberships} == {"Both", "Extra", "Ours"}
    assert all(one.in_okta is None and "HTTP 403" in one.detail for one in told.memberships)


def test_an_answer_that_is_not_definitive_is_told_as_unknown(office: Office, grouped: str) -> None:
    office.okta.unanswered.add(office.okta_id("ada@example.com"))
    told = explained(office, grouped)
    assert {one.in_okta for one in told.memberships if one.name != "Ours"} == {Belonging.UNKNOWN}


def test_about_many_groups_okta_is_not_asked(office: Office, grouped: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memberships_module, "MOST_ASKED", 1)
    told = explained(office, grouped)
    here = [one for one in told.memberships if one.name in {"Both", "Extra"}]
    assert sorted(one.in_okta is None for one in here) == [False, True]
    assert any("more than 1 pushed groups" in one.detail for one in here)


def waiver_of(office: Office) -> Waiver:
    with office.database.reading(APP) as unit:
        ends = unit.decisions.now() + timedelta(days=1)
    return Waiver("waiver-1", "", Situation.LAPSED, "eve", "bob", "on leave", "T-1", ends)
