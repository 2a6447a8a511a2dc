"""Many rows in one insertion: what is read is what was written, byte for byte, on both databases."""

from secrets import token_bytes
from typing import Any

from sqlalchemy import select

from syncd.store.audit_tables import audit_log
from syncd.store.engine import make_engine
from syncd.store.many_rows import ManyRows


def row(seq: int, event_pk: int | None, body: bytes | None) -> dict[str, Any]:
    return {"seq": seq, "event_pk": event_pk, "body": body, "leaf": bytes(range(256)), "chain": token_bytes(32)}


def test_rows_are_read_as_they_were_written(database_url: str) -> None:
    of_records = [row(0, None, b""), row(1, None, b'{"a":"\\"}'), row(2, None, b"\x00,{}'\xff\\x00")]
    of_events = [row(seq, 2**40 + seq, None) for seq in range(3, 5003)]
    with make_engine(database_url).connect() as connection:
        ManyRows(audit_log).insert(connection, [])
        ManyRows(audit_log).insert(connection, [*of_records, *of_events])
        found = connection.execute(select(audit_log).order_by(audit_log.c.seq)).mappings().all()
    assert [dict(one) for one in found] == [*of_records, *of_events]
