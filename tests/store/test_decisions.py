"""What people decided, on every database."""

from datetime import timedelta

import pytest

from scim.errors import NotFound
from scim.resource import Member
from syncd.core.changes import Action, Cause, Change
from syncd.core.consents import Waiver
from syncd.core.guard import Ground, Objection
from syncd.core.situations import Situation
from syncd.core.subjects import MarkKind
from syncd.ports import AlreadyDecidedError, UnitOfWork
from syncd.store import SqlDatabase
from tests.conftest import APP
from tests.store.test_runs import planned

CAUSE = Cause("operator:ann")
DAY = timedelta(days=1)
OBJECTIONS = (Objection(Ground.THRESHOLD, "too many"), Objection(Ground.BUDGET, "used up"))


def user(unit: UnitOfWork, name: str, **more: object) -> str:
    stored = unit.record(Change("User", None, {"userName": name, "active": True, **more}))
    assert stored is not None
    return stored.id


def actions(unit: UnitOfWork) -> list[str]:
    return [event.action for event in unit.audit_trail()]


def test_a_mark_is_on_the_account_until_it_ends_or_is_taken_off(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        ann, bob = user(unit, "ann"), user(unit, "bob")
        unit.decisions.mark(ann, MarkKind.PROTECTED, "break glass", None)
        unit.decisions.mark(ann, MarkKind.HOLD, "leave", unit.decisions.now() + DAY)
        unit.decisions.mark(bob, MarkKind.HOLD, "over", unit.decisions.now() - DAY)
    with database.transaction(APP, CAUSE) as unit:
        assert [(one.user_name, one.kind, one.actor) for one in unit.decisions.marks()] == [
            ("ann", MarkKind.HOLD, "operator:ann"),
            ("ann", MarkKind.PROTECTED, "operator:ann"),
        ]
        held = [unit.account(one) for one in (ann, bob)]
        assert [one and one[0].marks for one in held] == [{MarkKind.PROTECTED, MarkKind.HOLD}, frozenset()]
        assert unit.decisions.unmark(ann, MarkKind.HOLD, "back")
        assert not unit.decisions.unmark(ann, MarkKind.HOLD, "back")
        found = unit.account(ann)
        assert found
        assert found[0].marks == {MarkKind.PROTECTED}
        assert actions(unit)[0] == Action.ACCOUNT_UNMARKED
        with pytest.raises(NotFound):
            unit.decisions.mark("nobody", MarkKind.HOLD, "x", None)


def test_marks_and_waivers_of_another_application_are_not_seen(database: SqlDatabase) -> None:
    database.ensure_app("other", "0oaother000000000001")
    with database.transaction(APP, CAUSE) as unit:
        ann = user(unit, "ann")
        unit.decisions.mark(ann, MarkKind.PROTECTED, "x", None)
        unit.decisions.waive(ann, waiver(unit, ann))
    with database.transaction("other", CAUSE) as unit:
        assert (unit.decisions.marks(), unit.decisions.waivers()) == ((), ())
        assert not unit.decisions.end_waiver("w1", "x")
        with pytest.raises(NotFound):
            unit.decisions.mark(ann, MarkKind.HOLD, "x", None)


def test_a_mark_is_told_with_the_user_name_and_not_with_the_name_that_is_shown(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        unit.decisions.mark(user(unit, "ann@example.com", displayName="Ann Oak"), MarkKind.HOLD, "leave", None)
        assert [one.user_name for one in unit.decisions.marks()] == ["ann@example.com"]


def waiver(unit: UnitOfWork, account_id: str, **changes: object) -> Waiver:
    values: dict[str, object] = {
        "waiver_id": "w1",
        "account_id": account_id,
        "situation": Situation.LAPSED,
        "owner": "ann",
        "approver": "bob",
        "reason": "leaves",
        "ticket": "T-1",
        "expires": unit.decisions.now() + DAY,
    }
    return Waiver(**{**values, **changes})  # type: ignore[arg-type]  # a bag of fields


def test_a_waiver_is_kept_whole_until_it_ends(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        ann = user(unit, "ann")
        given = waiver(unit, ann)
        unit.decisions.waive(ann, given)
        unit.decisions.waive(ann, waiver(unit, ann, waiver_id="w2", expires=unit.decisions.now()))
    with database.transaction(APP, CAUSE) as unit:
        assert unit.decisions.waivers() == (given,)
        assert unit.decisions.end_waiver("w1", "done")
        assert unit.decisions.waivers() == ()
        assert actions(unit)[:2] == [Action.WAIVER_ENDED, Action.WAIVER_GIVEN]


def test_an_approval_is_used_once(database: SqlDatabase) -> None:
    run_id = planned(database)
    with database.transaction(APP, CAUSE) as unit:
        with pytest.raises(KeyError):
            unit.decisions.approve("no such plan", "bob", "right", DAY)
        given = unit.decisions.approve("digest", "bob", "right", DAY)
        assert unit.decisions.approval_of("digest") == given
        assert unit.decisions.approval_of("other") is None
    with database.transaction(APP, CAUSE) as unit:
        unit.decisions.use_approval(given.approval_id, run_id)
        assert unit.decisions.approval_of("digest") is None
        with pytest.raises(AlreadyDecidedError):
            unit.decisions.use_approval(given.approval_id, "another run")
        assert actions(unit)[:2] == [Action.APPROVAL_USED, Action.PLAN_APPROVED]


def test_approvals_are_told_by_plan_whatever_became_of_them(database: SqlDatabase) -> None:
    database.ensure_app("other", "0oaother000000000001")
    run_id = planned(database)
    with database.transaction(APP, CAUSE) as unit:
        over = unit.decisions.approve("digest", "bob", "right", timedelta(0))
        used = unit.decisions.approve("digest", "eve", "right too", DAY)
        unit.decisions.use_approval(used.approval_id, run_id)
        now = unit.decisions.now()
    with database.reading(APP) as unit:
        (first, one), (second, other) = unit.decisions.approvals({"digest", "no such plan"})
        assert unit.decisions.approvals({"no such plan"}) == ()
    assert (one, other.approver, other.used_by) == (over, "eve", run_id)
    assert now - DAY < first <= second <= now
    with database.reading("other") as unit:
        assert unit.decisions.approvals({"digest"}) == ()


def test_an_approval_ends_by_itself(database: SqlDatabase) -> None:
    planned(database)
    with database.transaction(APP, CAUSE) as unit:
        given = unit.decisions.approve("digest", "bob", "right", timedelta(0))
        assert unit.decisions.approval_of("digest") is None
        with pytest.raises(AlreadyDecidedError):
            unit.decisions.use_approval(given.approval_id, "run")


def test_a_plan_is_in_quarantine_once_however_often_it_is_made(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        assert unit.decisions.quarantine("run-1", "digest", OBJECTIONS)
        assert not unit.decisions.quarantine("run-2", "digest", OBJECTIONS[:1])
        assert unit.decisions.quarantine("run-2", "another", OBJECTIONS)
        another, first = unit.decisions.quarantines()
        assert (first.digest, first.runs, first.run_id, first.objections) == ("digest", 2, "run-2", OBJECTIONS[:1])
        unit.decisions.end_quarantine(first.quarantine_id, "discarded", "wrong")
        assert unit.decisions.quarantines() == (another,)
        (_, ended) = unit.decisions.quarantines(ended=True)
        assert (ended.outcome, ended.ended_by, ended.reason) == ("discarded", "operator:ann", "wrong")
        with pytest.raises(AlreadyDecidedError):
            unit.decisions.end_quarantine(first.quarantine_id, "released", "again")
        assert unit.decisions.quarantine("run-3", "digest", OBJECTIONS)


def test_switches_of_an_account_are_counted_since_a_moment(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        ann, bob = user(unit, "ann"), user(unit, "bob")
        for active in (False, True, False):
            stored = unit.resources.read("User", ann)
            unit.record(Change("User", stored, {**stored.document, "active": active}))
    with database.reading(APP) as unit:
        at = unit.audit_trail()[0].at
        assert unit.decisions.switches([ann, bob], at) == {ann: 3}
        assert unit.decisions.switches([ann, bob], at + DAY) == {}


def test_administrators_are_the_open_members_of_the_groups_by_id_or_folded_name(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        ann, bob, eve = user(unit, "ann"), user(unit, "bob", active=False), user(unit, "eve")
        group = unit.resources.create("Group", {"displayName": "Admins"}, [Member(ann), Member(bob)])
        unit.resources.create("Group", {"displayName": "Others"}, [Member(eve)])
        assert unit.admins({"admins"}) == unit.admins({group.id}) == {ann}
        assert unit.admins({"none"}) == unit.admins(set()) == frozenset()


def test_the_account_that_was_deleted_is_found_by_its_okta_user_id(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        ann = user(unit, "ann", externalId="00u1")
        unit.record(Change("User", unit.resources.read("User", ann), None))
        assert unit.staging.tombstones(["00u1", "00u2"]) == {"00u1": ann}
