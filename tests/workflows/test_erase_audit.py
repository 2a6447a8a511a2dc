"""Erasure: what is personal goes, and the log stays what it was, on each database."""

from pathlib import Path

import pytest
from sqlalchemy import text

from syncd.core.audit_log import Erasure, erasure_of
from syncd.core.changes import Action, Cause, Change
from syncd.core.proofs import PersonalState
from syncd.core.subjects import MarkKind
from syncd.store import SqlDatabase
from syncd.store.engine import make_engine
from syncd.workflows.erase_audit import RefusedErasureError, erase, preview
from syncd.workflows.export_audit import export
from syncd.workflows.history import history
from syncd.workflows.prove_audit import prove
from tests.conftest import SteppingClock
from tests.workflows.audit_records import (
    OTHER_APP,
    change,
    checked,
    create,
    documented_check,
    entries,
    told,
    write_as_before,
)
from tests.workflows.sealing import APP, CAUSE, Sealing, sealing


@pytest.fixture
def log(database: SqlDatabase, clock: SteppingClock, tmp_path: Path) -> Sealing:
    return sealing(database, clock, tmp_path / "heads")


@pytest.fixture
def gone(log: Sealing) -> str:
    """An account that was marked, accepted and deleted, with all of its events signed."""
    account_id = create(log, "ann-unmistakable")
    with log.database.transaction(APP, CAUSE) as unit:
        unit.decisions.mark(account_id, MarkKind.HOLD, "unmistakable", None)
        unit.note(Action.REVOCATION_LATE, {"account": account_id, "lateSeconds": 7})
    change(log, account_id, active=False)
    log.sign("bob")
    return account_id


WHY = Cause("operator:root", reason="request 4711")


def test_what_is_personal_goes_and_the_log_stays_what_it_was(log: Sealing, gone: str) -> None:
    before = entries(log)
    proofs = [prove(log.database.audit_log, entry.seq) for entry in before]
    removed = erase(log.database, APP, WHY, gone)
    after = entries(log)
    assert [(one.leaf, one.chain, one.body) for one in after] == [(one.leaf, one.chain, one.body) for one in before]
    assert [one.event_pk for one in after if one.personal is None] == list(removed.events)
    assert [one.salt is None for one in after] == [True, True, True, True, False]
    for entry, proof in zip(after, proofs, strict=True):
        proved = checked(log, prove(log.database.audit_log, entry.seq))
        assert proved.checkpoint == checked(log, proof).checkpoint
        assert proved.event == checked(log, proof).event
        assert (proved.state is PersonalState.ERASED) == (entry.event_pk in removed.events)
    assert documented_check(list(export(log.database.audit_log))) == ""
    log.sign("cid")


def test_an_erasure_is_told_in_the_log_and_is_never_erased(log: Sealing, gone: str) -> None:
    removed = erase(log.database, APP, WHY, gone)
    log.sign()
    told_of = entries(log)[-1]
    assert b"unmistakable" not in (told_of.body or b"") + (told_of.personal or b"")
    assert erasure_of(told_of.body or b"", told_of.personal) == Erasure(gone, frozenset(removed.events))
    again = preview(log.database, APP, gone).removable
    # What was about nobody in particular does not name the id any more.
    assert (again.events, again.gone, again.is_account) == ((), 3, True)
    erase(log.database, APP, WHY, gone)
    assert [one.personal for one in entries(log)][-1] == told_of.personal
    assert log.seal().sealed == 0, "nothing was removed, so nothing is told"
    ((_, actions),) = told(log, gone)
    assert actions[-1] == Action.AUDIT_ERASED


def test_the_history_of_somebody_erased_says_so(log: Sealing, gone: str) -> None:
    erase(log.database, APP, WHY, gone)
    (one,) = history(log.database, APP, gone)
    assert [event.event.is_erased for event in one.told] == [True, True, True, False]
    assert all(line["detail"] == {} for line in one.as_json()["events"][:-1])


def test_an_open_account_and_what_never_was_one_is_refused(log: Sealing, gone: str) -> None:
    bob = create(log, "carl")
    with log.database.transaction(APP, CAUSE) as unit:
        group = unit.record(Change("Group", None, {"displayName": "Staff"}))
    assert group is not None
    log.sign()
    before = entries(log)
    for subject, why in (
        (bob, "is open"),
        (group.id, "never had an account"),
        ("ann-unmistakable", "never had an account"),
        ("", "never had an account"),
        (gone[:8], "never had an account"),
    ):
        with pytest.raises(RefusedErasureError, match=why):
            erase(log.database, APP, WHY, subject)
    with pytest.raises(RefusedErasureError, match="--reason"):
        erase(log.database, APP, Cause("operator:root", reason=" "), gone)
    assert entries(log) == before
    assert log.seal().sealed == 0


def test_events_of_before_are_counted_and_stay(log: Sealing, gone: str, database_url: str) -> None:
    write_as_before(database_url, {"action": "account:updated", "detail": {}, "subject_name": "ann"}, gone)
    log.sign()
    removable = erase(log.database, APP, WHY, gone)
    assert (len(removable.events), removable.fixed) == (4, 1)
    assert entries(log)[-1].body is not None


def test_another_application_keeps_what_is_its_own(log: Sealing, gone: str) -> None:
    log.database.ensure_app(OTHER_APP, "0oaother000000000001")
    with log.database.transaction(OTHER_APP, CAUSE) as unit:
        unit.note(Action.REVOCATION_LATE, {"account": gone, "lateSeconds": 7})
    log.sign()
    with pytest.raises(RefusedErasureError):
        erase(log.database, OTHER_APP, WHY, gone)
    erase(log.database, APP, WHY, gone)
    assert entries(log)[-1].personal is not None


def test_what_there_is_beside_the_log_is_told(log: Sealing, gone: str) -> None:
    traces = preview(log.database, APP, gone).traces
    assert (traces.account, traces.tombstone) == (True, False)
    change(log, gone)
    traces = preview(log.database, APP, gone).traces
    assert (traces.account, traces.tombstone, traces.plan_items, traces.snapshot_rows) == (False, True, 0, 0)


def test_what_was_removed_is_in_the_file_no_more(log: Sealing, database_url: str) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("the other one is vacuumed")
    account_id = create(log, "ann")
    change(log, account_id, active=False, displayName="unmistakable" * 3000)
    change(log, account_id, displayName="Ann")
    change(log, account_id)
    log.sign()
    path, last = Path(database_url.removeprefix("sqlite:///")), "PRAGMA wal_checkpoint(TRUNCATE)"
    with make_engine(database_url).begin() as connection:
        for statement in ("PRAGMA secure_delete = ON", "DELETE FROM tombstone", last):
            connection.execute(text(statement))
    assert path.read_bytes().count(b"unmistakable") >= 6000
    erase(log.database, APP, WHY, account_id)
    with make_engine(database_url).begin() as connection:
        connection.execute(text(last))
    assert path.read_bytes().count(b"unmistakable") == 0
