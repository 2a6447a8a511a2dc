"""The reports of runs are kept as they were made, once, and for so long."""

from datetime import timedelta

import pytest

from syncd.core.evidence import Closure
from syncd.ports import OutcomeKind
from syncd.store import SqlDatabase
from tests.conftest import APP
from tests.store.snapshots import CAUSE
from tests.store.test_runs import OTHER, begin, planned

DAY = timedelta(days=1)
DOCUMENT = b'{"names":"\xc3\xa4\x00"}' + b" " * 5000


def keep(database: SqlDatabase, run_id: str, document: bytes = DOCUMENT, lasting: timedelta = DAY) -> None:
    with database.transaction(APP, CAUSE) as unit:
        unit.runs.keep_report(run_id, document, lasting)


def kept(database: SqlDatabase, run_id: str, app: str = APP) -> bytes | None:
    with database.reading(app) as unit:
        found = unit.runs.report_of(run_id)
    return found.document if found else None


def age(database: SqlDatabase, by: timedelta) -> None:
    with database.transaction(APP, CAUSE) as unit:
        microseconds = by // timedelta(microseconds=1)
        unit._scope.connection.exec_driver_sql(f"UPDATE kept_report SET kept = kept - {microseconds}")
        unit._scope.connection.exec_driver_sql(f"UPDATE plan_item SET concluded = concluded - {microseconds}")


def test_what_is_kept_comes_back_byte_for_byte(database: SqlDatabase) -> None:
    run_id = begin(database, "drift-report")
    keep(database, run_id)
    assert kept(database, run_id) == DOCUMENT
    with database.reading(APP) as unit:
        found = unit.runs.report_of(run_id)
    assert found is not None
    assert (found.record.run_id, found.record.kind) == (run_id, "drift-report")


def test_evidence_is_not_written_twice(database: SqlDatabase) -> None:
    run_id = begin(database)
    keep(database, run_id)
    with pytest.raises(ValueError, match="has a report already"):
        keep(database, run_id, b"{}")
    assert kept(database, run_id) == DOCUMENT


def test_a_run_without_a_report_is_told_apart_from_one_that_is_not_there(database: SqlDatabase) -> None:
    database.ensure_app(OTHER, "0oaother000000000001")
    run_id = begin(database)
    with database.reading(APP) as unit:
        found = unit.runs.report_of(run_id)
        assert found is not None
        assert found.document is None
        assert unit.runs.report_of("no-such-run") is None
    keep(database, run_id)
    with database.reading(OTHER) as unit:
        assert unit.runs.report_of(run_id) is None, "it is another application's"
    with database.transaction(OTHER, CAUSE) as unit, pytest.raises(ValueError, match="there is no run"):
        unit.runs.keep_report(run_id, b"", DAY)


def test_what_is_too_old_goes_when_another_comes(database: SqlDatabase) -> None:
    old, younger, newest = begin(database), begin(database), begin(database)
    keep(database, old)
    age(database, 2 * DAY)
    keep(database, younger, lasting=3 * DAY)
    assert kept(database, old) == DOCUMENT
    keep(database, newest)
    assert [kept(database, one) for one in (old, younger, newest)] == [None, DOCUMENT, DOCUMENT]


def test_who_may_only_read_keeps_nothing(database: SqlDatabase) -> None:
    run_id = begin(database)
    with database.reading(APP) as unit, pytest.raises(RuntimeError):
        unit.runs.keep_report(run_id, b"", DAY)


def test_deactivations_that_were_carried_out_are_told_with_their_moment(database: SqlDatabase) -> None:
    run_id, skipped = planned(database), planned(database)
    with database.transaction(APP, CAUSE) as unit:
        unit.runs.conclude(run_id, 0, OutcomeKind.DONE, "")
        unit.runs.conclude(run_id, 1, OutcomeKind.DONE, "")
        unit.runs.conclude(skipped, 0, OutcomeKind.SKIPPED, "no")
        now = unit.decisions.now()
        (found,) = unit.runs.closures(DAY)
    assert found == Closure(None, found.closed)
    assert abs(now - found.closed) < timedelta(minutes=1)
    age(database, 2 * DAY)
    with database.reading(APP) as unit:
        assert unit.runs.closures(DAY) == ()
