"""What a run told as done has an event: the audit log is asked about each kind of effect."""

from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import Connection, text

from syncd.core.changes import Change
from syncd.core.policy import Policy
from syncd.core.situations import DEFAULT_MODES, Effect, Mode, Situation
from syncd.store import SqlDatabase
from syncd.store.engine import make_engine
from syncd.workflows.reconcile import reconcile, report_drift
from syncd.workflows.timeline import read_timeline
from tests.workflows.approving import approve
from tests.workflows.conftest import APP, CAUSE, LOGINS, Office, dismiss
from tests.workflows.pushed_groups import form, okta_ids, planned
from tests.workflows.test_verify_audit import assaulted

NEWCOMER = "new@example.com"
EVERYTHING = Policy(groups=True, min_listing_percent=0, modes={**DEFAULT_MODES, Situation.GHOST: Mode.PROPOSE})


@pytest.fixture
def staff(office: Office) -> list[str]:
    """Six people, assigned and pushed, under a policy that has every effect; their SCIM ids."""
    office.policy = EVERYTHING
    return [office.hire(login) for login in LOGINS]


def _dismissed(office: Office, _staff: list[str]) -> None:
    dismiss(office, LOGINS[0])


def _assigned(office: Office, _staff: list[str]) -> None:
    office.okta.hire(NEWCOMER)


def _deleted(office: Office, staff: list[str]) -> None:
    with office.database.transaction(APP, CAUSE) as unit:
        unit.record(Change("User", unit.resources.read("User", staff[0]), None))


def _joined(office: Office, staff: list[str]) -> None:
    office.okta.push_group("Guides", okta_ids(office, 0, 1), target=form(office, "Guides", staff[:1]))


def _left(office: Office, staff: list[str]) -> None:
    office.okta.push_group("Guides", okta_ids(office, 0), target=form(office, "Guides", staff[:2]))


def _renamed(office: Office, staff: list[str]) -> None:
    office.okta.push_group("New", okta_ids(office, 0), target=form(office, "Old", staff[:1]))


WORLDS: dict[Effect, Callable[[Office, list[str]], None]] = {
    Effect.DEACTIVATE: _dismissed,
    Effect.CREATE: _assigned,
    Effect.RESTORE: _deleted,
    Effect.ADD_MEMBER: _joined,
    Effect.REMOVE_MEMBER: _left,
    Effect.RENAME_GROUP: _renamed,
}


def carried_out(office: Office, staff: list[str], effect: Effect) -> str:
    """Let a run have that one effect, approved where it has to be; return the id of the run."""
    WORLDS[effect](office, staff)
    shown = report_drift(office.desk)
    assert [one for one, _ in planned(shown)] == [effect]
    approve(office, shown)
    done = reconcile(office.desk, apply=True)
    assert (done.applied, done.report is None) == (1, False)
    assert done.report is not None
    return done.report.run_id


def unproven(database: SqlDatabase) -> Sequence[str]:
    with database.audit_log.reading_log() as log:
        return log.unproven(10)


@pytest.mark.parametrize("effect", WORLDS)
def test_an_effect_that_was_carried_out_is_proven(
    office: Office, staff: list[str], database: SqlDatabase, effect: Effect
) -> None:
    carried_out(office, staff, effect)
    assert unproven(database) == []


@pytest.mark.parametrize("effect", WORLDS)
def test_an_effect_whose_event_was_removed_is_found(
    office: Office, staff: list[str], database: SqlDatabase, database_url: str, effect: Effect
) -> None:
    run_id = carried_out(office, staff, effect)

    def remove(connection: Connection) -> None:
        connection.execute(text("DELETE FROM audit_pending"))
        statement = "DELETE FROM audit_event WHERE run_id = :run AND subject_id IS NOT NULL"
        assert connection.execute(text(statement), {"run": run_id}).rowcount == 1

    assaulted(database_url, remove)
    assert unproven(database) == [f"run {run_id}, item 0: it is told as done, and no event tells of it"]


def test_an_account_that_was_made_before_its_id_was_kept_makes_no_log_a_broken_one(
    office: Office, staff: list[str], database: SqlDatabase, database_url: str
) -> None:
    carried_out(office, staff, Effect.RESTORE)
    with make_engine(database_url).begin() as connection:
        connection.execute(text("UPDATE plan_item SET account_id = ''"))
    assert unproven(database) == []


def test_what_made_an_account_is_told_once_of_the_account_and_of_the_person(office: Office, staff: list[str]) -> None:
    carried_out(office, staff, Effect.CREATE)
    person = office.okta_id(NEWCOMER)
    with office.database.reading(APP) as unit:
        (account,) = unit.find_accounts(NEWCOMER)
        told = [
            [entry.what for entry in read_timeline(unit, ids, whom) if entry.what == "plan:create" and entry.text]
            for ids, whom in (([account.id], person), ([], person), ([account.id], None))
        ]
        made = [
            [item.outcome for kept in runs for item in kept.items]
            for runs in (unit.runs.about(account.id, 10), unit.runs.about_person(person, 10))
        ]
    assert told == [["plan:create"] * 2, ["plan:create"] * 2, ["plan:create"]]
    assert made == [["done"], ["done", None]]
