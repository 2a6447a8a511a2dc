"""What every unit of work does, whatever database it is on."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from scim.errors import Conflict, InvalidValue, NotFound, Uniqueness
from scim.resource import Member, MembershipChange, StoredResource
from scim.store import Query
from syncd.core.attributes import WORK_EMAIL
from syncd.core.changes import Action, Cause, Change
from syncd.core.subjects import Assignment, Origin
from syncd.ports import (
    AssignmentPage,
    AuditEvent,
    Database,
    Lease,
    SnapshotRefusedError,
    SourceIdentity,
    UnitOfWork,
)

APP = "acme"
IDENTITY = SourceIdentity("0oaacme0000000000001", "Acme", "credential", "filter")
HOUR = timedelta(hours=1)
CAUSE = Cause("token:1f2e", request_id="req-1", reason="because")
ANN = {
    "userName": "Ann@Example.com",
    "externalId": "00uann",
    "active": True,
    "name": {"givenName": "Ann", "familyName": "Oak"},
    "emails": [{"value": "ann@work.example", "type": "work"}, {"value": "ann@home.example", "type": "home"}],
}


def create(unit: UnitOfWork, document: dict[str, object], origin: Origin = Origin.SCIM) -> StoredResource:
    created = unit.record(Change("User", None, document, origin=origin))
    assert created is not None
    return created


def group(unit: UnitOfWork, name: str, *members: StoredResource) -> StoredResource:
    return unit.resources.create("Group", {"displayName": name}, [Member(one.id) for one in members])


def run(unit: UnitOfWork) -> str:
    """Begin a run as its lease allows: every run before it counts as ended."""
    return unit.runs.begin("apply", Lease(APP, "test", 1))


def page(number: int, *ids: str, cursor: str | None = "led on") -> AssignmentPage:
    rows = tuple(Assignment(one, f"{one}@example.com", None, "ACTIVE", "ACTIVE") for one in ids)
    return AssignmentPage(number, rows, cursor)


def broken_off(database: Database, *pages: AssignmentPage, identity: SourceIdentity | None = IDENTITY) -> str:
    """Return the snapshot of a walk that stages these pages and then is never heard of again."""
    with database.transaction(APP, CAUSE) as unit:
        snapshot_id = unit.staging.begin(run(unit), identity)
    for one in pages:
        with database.transaction(APP, CAUSE) as unit:
            unit.staging.add_page(snapshot_id, one)
    return snapshot_id


LACKING: dict[str, tuple[tuple[AssignmentPage, ...], SourceIdentity | None]] = {
    "an identity": ((page(1, "00ua"),), None),
    "a page": ((), IDENTITY),
    "a cursor": ((page(1, "00ua"), page(2, "00ub", cursor=None)), IDENTITY),
}
ENDS: dict[str, Callable[[UnitOfWork, str], object]] = {
    "sealed": lambda unit, snapshot_id: unit.staging.seal(snapshot_id, IDENTITY),
    "given up": lambda unit, snapshot_id: unit.staging.void(snapshot_id, "because"),
}


def newest(unit: UnitOfWork) -> AuditEvent:
    return unit.audit_trail(limit=1)[0]


class UnitOfWorkContract:
    """Subclass it with a fixture `database` that knows the application "acme" and nothing of it."""

    # -------------------------------------------------------------- transactions

    def test_what_was_recorded_is_there_after_the_block(self, database: Database) -> None:
        with database.transaction(APP, CAUSE) as unit:
            ann = create(unit, ANN)
            assert unit.resources.read("User", ann.id) == ann
        with database.reading(APP) as unit:
            assert unit.resources.read("User", ann.id) == ann
            assert unit.count_audit_events() == 1

    def test_an_exception_in_the_block_leaves_nothing(self, database: Database) -> None:
        with suppress(ZeroDivisionError), database.transaction(APP, CAUSE) as unit:
            create(unit, ANN)
            raise ZeroDivisionError
        with database.reading(APP) as unit:
            assert unit.resources.find(Query("User")).total == 0
            assert unit.count_audit_events() == 0

    def test_there_is_no_unit_of_work_for_an_unknown_application(self, database: Database) -> None:
        for unit in (database.transaction("other", CAUSE), database.reading("other")):
            with pytest.raises(KeyError), unit:
                pass

    def test_a_unit_opened_for_reading_writes_nothing(self, database: Database) -> None:
        with database.reading(APP) as unit:
            with pytest.raises(RuntimeError):
                create(unit, ANN)
            with pytest.raises(RuntimeError):
                unit.note(Action.RUN_STARTED, {})
            assert unit.count_audit_events() == 0

    # -------------------------------------------------------------- record

    def test_a_record_returns_the_resource_without_members(self, database: Database) -> None:
        with database.transaction(APP, CAUSE) as unit:
            ann = create(unit, ANN)
            guides = group(unit, "guides", ann)
            change = MembershipChange(remove=(ann.id,))
            changed = unit.record(Change("Group", guides, guides.document, change))
            assert changed is not None
            assert (changed.version, changed.members, changed.member_count) == (2, None, 0)
            assert unit.record(Change("Group", changed, None)) is None

    def test_a_change_of_nothing_writes_nothing(self, database: Database) -> None:
        with database.transaction(APP, CAUSE) as unit:
            ann = create(unit, ANN)
            guides = group(unit, "guides", ann)
            events = unit.count_audit_events()
            assert unit.record(Change("User", ann, dict(ANN))) == ann
            same = MembershipChange(add=(Member(ann.id),), remove=("nobody",))
            unchanged = unit.record(Change("Group", guides, guides.document, same))
            assert unchanged == replace(guides, members=None)
            assert unit.count_audit_events() == events

    def test_a_record_of_a_version_that_is_past_is_refused(self, database: Database) -> None:
        with database.transaction(APP, CAUSE) as unit:
            ann = create(unit, ANN)
            unit.record(Change("User", ann, {**ANN, "active": False}))
            for after in ({**ANN, "title": "x"}, ANN, None):
                with pytest.raises(Conflict):
                    unit.record(Change("User", ann, after))

    def test_a_record_of_what_is_gone_is_refused(self, database: Database) -> None:
        with database.transaction(APP, CAUSE) as unit:
            ann = create(unit, ANN)
            unit.record(Change("User", ann, None))
            for after in (ANN, None):
                with pytest.raises(NotFound):
                    unit.record(Change("User", ann, after))

    def test_a_unit_goes_on_after_a_refused_record(self, database: Database) -> None:
        with database.transaction(APP, CAUSE) as unit:
            ann = create(unit, ANN)
            bob = create(unit, {"userName": "bob"})
            with pytest.raises(Uniqueness):
                create(unit, {"userName": "ANN@example.COM"})
            with pytest.raises(Uniqueness):
                unit.record(Change("User", bob, {"userName": "ann@EXAMPLE.com"}))
            with pytest.raises(InvalidValue, match="nobody"):
                unit.resources.create("Group", {"displayName": "guides"}, [Member(ann.id), Member("nobody")])
        with database.reading(APP) as unit:
            assert unit.resources.find(Query("User")).total == 2
            assert unit.resources.find(Query("Group")).total == 0
            assert unit.count_audit_events() == 2

    # -------------------------------------------------------------- the audit trail

    def test_an_event_says_who_did_what_to_whom_and_why(self, database: Database) -> None:
        with database.transaction(APP, Cause("reconciler", "req-2", "run-7", "gone in Okta")) as unit:
            ann = create(unit, ANN)
            event = newest(unit)
        assert (event.action, event.actor) == (Action.ACCOUNT_CREATED, "reconciler")
        assert (event.subject_id, event.subject_name) == (ann.id, "Ann@Example.com")
        assert (event.request_id, event.run_id, event.at) == ("req-2", "run-7", ann.created)
        assert event.detail["reason"] == "gone in Okta"

    def test_an_event_holds_the_changed_attributes_only(self, database: Database) -> None:
        with database.transaction(APP, CAUSE) as unit:
            ann = create(unit, ANN)
            after = {**ANN, "name": {"givenName": "Anna", "familyName": "Oak"}, "active": False, "title": "x"}
            unit.record(Change("User", ann, after))
            event = newest(unit)
        assert event.action == Action.ACCOUNT_DEACTIVATED
        assert event.detail["version"] == 2
        assert event.detail["before"] == {"active": True, "name.givenName": "Ann"}
        assert event.detail["after"] == {"active": False, "name.givenName": "Anna", "title": "x"}

    def test_no_event_holds_a_password(self, database: Database) -> None:
        with database.transaction(APP, CAUSE) as unit:
            ann = create(unit, {**ANN, "password": "hunter2"})
            unit.record(Change("User", ann, {**ANN, "password": "hunter3"}))
            assert "hunter" not in repr(unit.audit_trail())

    def test_an_event_names_the_members_that_came_and_went(self, database: Database) -> None:
        with database.transaction(APP, CAUSE) as unit:
            ann, bob = create(unit, ANN), create(unit, {"userName": "bob"})
            guides = group(unit, "guides", ann)
            assert newest(unit).detail["members_added"] == [ann.id]
            swap = MembershipChange(add=(Member(bob.id), Member(bob.id)), remove=(ann.id, "nobody"))
            unit.resources.update(guides, guides.document, swap)
            event = newest(unit)
        assert event.action == Action.GROUP_MEMBERS_CHANGED
        assert (event.detail["members_added"], event.detail["members_removed"]) == ([bob.id], [ann.id])

    def test_a_long_list_of_members_is_cut_and_counted(self, database: Database) -> None:
        with database.transaction(APP, CAUSE) as unit:
            people = [create(unit, {"userName": f"user{number}"}) for number in range(1003)]
            guides = group(unit, "guides", *people)
            added = newest(unit).detail
            unit.resources.delete("Group", guides.id)
            removed = newest(unit).detail
        assert (len(added["members_added"]), added["members_added_beyond"]) == (1000, 3)
        assert (len(removed["members_removed"]), removed["members_removed_beyond"]) == (1000, 3)

    def test_a_deletion_tells_what_there_was_and_which_groups_were_left(self, database: Database) -> None:
        with database.transaction(APP, CAUSE) as unit:
            ann = create(unit, ANN)
            guides = group(unit, "guides", ann)
            unit.resources.delete("User", ann.id)
            event = newest(unit)
            assert unit.resources.read("Group", guides.id).member_count == 0
        assert event.action == Action.ACCOUNT_DELETED
        assert event.detail["before"]["userName"] == "Ann@Example.com"
        assert event.detail["left_groups"] == [guides.id]

    def test_the_trail_is_read_from_the_end_by_subject_and_by_run(self, database: Database) -> None:
        with database.transaction(APP, CAUSE) as unit:
            ann, bob = create(unit, ANN), create(unit, {"userName": "bob"})
        with database.transaction(APP, Cause("reconciler", run_id="run-1")) as unit:
            unit.record(Change("User", ann, {**ANN, "active": False}))
            unit.note(Action.RUN_ENDED, {"applied": 1})
        with database.reading(APP) as unit:
            actions = [event.action for event in unit.audit_trail()]
            assert actions == [
                Action.RUN_ENDED,
                Action.ACCOUNT_DEACTIVATED,
                Action.ACCOUNT_CREATED,
                Action.ACCOUNT_CREATED,
            ]
            assert [event.action for event in unit.audit_trail(limit=1)] == actions[:1]
            assert [event.subject_id for event in unit.audit_trail(subject_id=ann.id)] == [ann.id, ann.id]
            assert [event.subject_id for event in unit.audit_trail(run_id="run-1")] == [None, ann.id]
            assert unit.audit_trail(subject_id=bob.id, run_id="run-1") == ()
            assert unit.count_audit_events() == 4

    # -------------------------------------------------------------- accounts

    def test_an_account_is_its_resource_as_the_reconciler_sees_it(self, database: Database) -> None:
        with database.transaction(APP, CAUSE) as unit:
            ann = create(unit, ANN, Origin.IMPORT)
            found = unit.account(ann.id)
            assert found is not None
            account, resource = found
            assert resource == ann
            assert (account.id, account.user_name, account.external_id) == (ann.id, "Ann@Example.com", "00uann")
            assert (account.active, account.origin, account.protected) == (True, Origin.IMPORT, False)
            assert (account.version, account.walk_version) == (1, None)
            assert account.attributes[WORK_EMAIL] == "ann@work.example"
            assert unit.account("nobody") is None
            assert unit.account(group(unit, "guides").id) is None

    def test_accounts_are_found_by_what_names_them(self, database: Database) -> None:
        with database.transaction(APP, CAUSE) as unit:
            ann = create(unit, ANN)
            create(unit, {"userName": "bob"})
        with database.reading(APP) as unit:
            for key in (ann.id, "00uann", "ANN@example.COM", "Ann@Work.example"):
                assert [account.id for account in unit.find_accounts(key)] == [ann.id]
            for key in ("ann@home.example", "00UANN", ann.id.upper(), "an", ""):
                assert unit.find_accounts(key) == ()

    def test_at_most_ten_accounts_are_found_in_the_order_of_their_ids(self, database: Database) -> None:
        with database.transaction(APP, CAUSE) as unit:
            shared = [create(unit, {"userName": f"u{number}", "externalId": "00u"}).id for number in range(12)]
            assert [account.id for account in unit.find_accounts("00u")] == sorted(shared)[:10]

    # -------------------------------------------------------------- walks that break off

    def test_a_walk_is_taken_up_behind_the_last_page_that_was_staged(self, database: Database) -> None:
        begun = broken_off(database, page(1, "00ua", "00ub"), page(2, "00uc", cursor="behind page 2"))
        with database.transaction(APP, CAUSE) as unit:
            resumed = unit.staging.resume(run(unit), IDENTITY, HOUR)
            assert resumed is not None
            assert (resumed.snapshot_id, resumed.pages, resumed.rows) == (begun, 2, 3)
            assert resumed.cursor == "behind page 2"
            unit.staging.add_page(begun, page(3, "00ud"))
            manifest = unit.staging.seal(begun, IDENTITY)
        assert (manifest.pages, manifest.rows, manifest.started) == (3, 4, resumed.started)

    def test_who_was_staged_before_a_walk_broke_off_is_not_staged_again(self, database: Database) -> None:
        begun = broken_off(database, page(1, "00ua", "00ub"))
        with database.transaction(APP, CAUSE) as unit:
            assert unit.staging.resume(run(unit), IDENTITY, HOUR)
            with pytest.raises(SnapshotRefusedError, match="00ub"):
                unit.staging.add_page(begun, page(2, "00uc", "00ub"))

    def test_a_walk_that_is_taken_up_keeps_the_versions_from_before_its_first_page(self, database: Database) -> None:
        with database.transaction(APP, CAUSE) as unit:
            ann = create(unit, ANN)
        begun = broken_off(database, page(1, "00ua"))
        with database.transaction(APP, CAUSE) as unit:
            unit.record(Change("User", ann, {**ANN, "title": "x"}))
            late = create(unit, {"userName": "late", "active": True})
            assert unit.staging.resume(run(unit), IDENTITY, HOUR)
            unit.staging.seal(begun, IDENTITY)
            differing = unit.staging.compare(begun).differing
        accounts = [one.candidates[0].account for one in differing if one.candidates]
        told = {account.id: (account.walk_version, account.version) for account in accounts}
        assert told == {ann.id: (1, 2), late.id: (None, 1)}

    def test_a_walk_is_taken_up_once(self, database: Database) -> None:
        broken_off(database, page(1, "00ua"))
        with database.transaction(APP, CAUSE) as unit:
            run_id = run(unit)
            assert unit.staging.resume(run_id, IDENTITY, HOUR)
            assert unit.staging.resume(run_id, IDENTITY, HOUR) is None

    def test_of_two_walks_the_younger_is_taken_up(self, database: Database) -> None:
        broken_off(database, page(1, "00ua"))
        with database.transaction(APP, CAUSE) as unit:
            run_id = run(unit)
            begun = [unit.staging.begin(run_id, IDENTITY) for _ in range(2)]
            for one in begun:
                unit.staging.add_page(one, page(1, "00ua"))
            resumed = unit.staging.resume(run(unit), IDENTITY, HOUR)
            assert resumed is not None
            assert resumed.snapshot_id == begun[-1]

    @pytest.mark.parametrize("changed", ["okta_app_id", "app_label", "credential_digest", "filter_digest"])
    def test_a_walk_of_another_identity_is_not_taken_up_and_not_sealed(self, database: Database, changed: str) -> None:
        begun = broken_off(database, page(1, "00ua"))
        other = replace(IDENTITY, **{changed: "another"})
        with database.transaction(APP, CAUSE) as unit:
            assert unit.staging.resume(run(unit), other, HOUR) is None
            with pytest.raises(SnapshotRefusedError, match="another identity"):
                unit.staging.seal(begun, other)

    def test_a_walk_that_began_too_long_ago_is_not_taken_up(self, database: Database) -> None:
        broken_off(database, page(1, "00ua"))
        with database.transaction(APP, CAUSE) as unit:
            assert unit.staging.resume(run(unit), IDENTITY, timedelta(seconds=-1)) is None

    @pytest.mark.parametrize("lacking", LACKING)
    def test_a_walk_without_an_identity_a_page_or_a_cursor_is_not_taken_up(
        self, database: Database, lacking: str
    ) -> None:
        pages, identity = LACKING[lacking]
        broken_off(database, *pages, identity=identity)
        with database.transaction(APP, CAUSE) as unit:
            assert unit.staging.resume(run(unit), IDENTITY, HOUR) is None

    def test_the_walk_of_a_run_that_goes_on_is_not_taken_up(self, database: Database) -> None:
        broken_off(database, page(1, "00ua"))
        with database.transaction(APP, CAUSE) as unit:
            assert unit.staging.resume(unit.runs.begin("apply", None), IDENTITY, HOUR) is None

    @pytest.mark.parametrize("end", ENDS)
    def test_a_walk_that_was_sealed_or_given_up_is_not_taken_up(self, database: Database, end: str) -> None:
        begun = broken_off(database, page(1, "00ua"))
        with database.transaction(APP, CAUSE) as unit:
            ENDS[end](unit, begun)
            assert unit.staging.resume(run(unit), IDENTITY, HOUR) is None
