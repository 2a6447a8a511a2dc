"""A round of the sequencer reads the events that it seals, however many were sealed before."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from syncd.core.audit_log import grow
from syncd.store import SqlDatabase
from syncd.store.engine import make_engine

EVENTS, BATCH = 40_000, 500
_WRITE = (
    "INSERT INTO audit_event (app, subject_id, body) SELECT min(app.pk), number::text, convert_to(number::text, 'UTF8')"
    f" FROM app, generate_series(1, {EVENTS}) AS number GROUP BY number ORDER BY number"
)
_READ = (
    "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables"
    " WHERE relid = CAST(current_schema || '.audit_event' AS regclass)"
)


@pytest.mark.postgres
def test_events_that_were_sealed_are_not_read_again(postgres_database: SqlDatabase, postgres_url: str) -> None:
    log = postgres_database.audit_log
    token = log.take("test", timedelta(hours=1))
    with make_engine(postgres_url).connect() as connection:
        connection.execute(text(_WRITE))
        connection.execute(text("ANALYZE audit_event, audit_pending"))
    with log.sealing(token, timedelta(hours=1)) as unit:
        unit.append(grow(unit.head(), unit.waiting(EVENTS - BATCH)))
    with log.sealing(token, timedelta(hours=1)) as unit:
        assert len(unit.waiting(EVENTS)) == BATCH
        assert unit._connection.execute(text(_READ)).scalar_one() <= BATCH
