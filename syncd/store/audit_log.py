"""The audit log in its tables; see `syncd.ports.audit`. Events are written elsewhere, with their changes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Text, bindparam, delete, exists, func, insert, null, select, text, update

from syncd.core.audit_log import Growth, LogEntry, LogHead, Waiting
from syncd.core.merkle import HASH_SIZE, TILE, Tree
from syncd.ports import LeaseHeldError, LeaseLostError, OutcomeKind
from syncd.ports.audit import SignedCheckpoint
from syncd.store.audit import event_of
from syncd.store.audit_tables import (
    NEVER_CHANGED,
    audit_checkpoint,
    audit_cosignature,
    audit_head,
    audit_log,
    audit_node,
    audit_pending,
)
from syncd.store.constructs import POSTGRESQL, database_now, insert_on_each, is_one_of
from syncd.store.engine import Transactions
from syncd.store.link import Link
from syncd.store.many_rows import ManyRows
from syncd.store.moments import microseconds, moment_of
from syncd.store.prepared import Prepared, json_text
from syncd.store.tables import app, audit_event, plan_item, run

_AT_ONCE: Final = 1000
"""Entries that are read by one statement. With 5000, PostgreSQL sorts them, some of them on the disk."""
_CHECKPOINTS_AT_ONCE: Final = 100

_until: Final = database_now() + bindparam("lasting", type_=audit_head.c.expires.type)
_is_ours: Final = audit_head.c.token == bindparam("of_token")
_TAKE: Final = (
    update(audit_head)
    .where(audit_head.c.holder.is_(None) | (audit_head.c.expires <= database_now()))
    .values(holder=bindparam("new_holder"), token=audit_head.c.token + 1, expires=_until)
    .returning(audit_head.c.token)
)
_EXTEND: Final = update(audit_head).where(_is_ours).values(expires=_until).returning(audit_head.c.token)
_RELEASE: Final = update(audit_head).where(_is_ours).values(holder=null(), expires=0)
_WHO: Final = select(audit_head.c.holder, audit_head.c.expires)
_HEAD: Final = select(audit_head.c.size, audit_head.c.chain, audit_head.c.peaks, audit_head.c.epoch)
_GO_ON: Final = update(audit_head).values(
    {name: bindparam(f"new_{name}") for name in ("size", "chain", "peaks", "epoch")}
)
_WAITING: Final = select(audit_pending.c.event_pk).order_by(audit_pending.c.event_pk).limit(bindparam("limit"))
# Not joined with the above: PostgreSQL would merge the two in the order of their numbers, from the first event on.
_BODIES: Final = (
    select(audit_event.c.pk, audit_event.c.body)
    .where(is_one_of(audit_event.c.pk, bindparam("events", type_=Text)))
    .order_by(audit_event.c.pk)
)
_WAITS: Final = Prepared(select(audit_pending.c.event_pk).limit(1))
_SEALED: Final = delete(audit_pending).where(is_one_of(audit_pending.c.event_pk, bindparam("events", type_=Text)))
_APPEND: Final = ManyRows(audit_log)
_KEEP_NODES: Final = ManyRows(audit_node)
_KEEP_CHECKPOINT: Final = insert(audit_checkpoint)
_KEEP_COSIGNATURE: Final = insert_on_each(audit_cosignature, lambda statement: statement.on_conflict_do_nothing())
_entries: Final = (
    select(
        audit_log.c.seq,
        audit_log.c.event_pk,
        audit_log.c.leaf,
        audit_log.c.chain,
        func.coalesce(audit_log.c.body, audit_event.c.body),
        audit_event.c.salt,
        audit_event.c.personal,
        app.c.name,
    )
    .outerjoin_from(audit_log, audit_event, audit_event.c.pk == audit_log.c.event_pk)
    .outerjoin(app, app.c.pk == audit_event.c.app)
    .where(audit_log.c.seq >= bindparam("start"), audit_log.c.seq < bindparam("end"))
    .order_by(audit_log.c.seq)
)
_ENTRIES: Final = Prepared(_entries)
_RECORDS: Final = _entries.where(audit_log.c.event_pk.is_(None)).params(start=0, end=2**62)
_STRAYS: Final = (
    select(audit_event.c.pk)
    .outerjoin(audit_log, audit_log.c.event_pk == audit_event.c.pk)
    .outerjoin(audit_pending, audit_pending.c.event_pk == audit_event.c.pk)
    .where(audit_log.c.seq.is_(None), audit_pending.c.event_pk.is_(None))
    .order_by(audit_event.c.pk)
)
_items: Final = select(run.c.id, plan_item.c.position).join_from(
    plan_item, run, (run.c.pk == plan_item.c.run_pk) & (run.c.app == plan_item.c.app)
)
# The event of a change of a group, or of its members, is about the group. What was made before the ledger kept its id
# has an empty one, and NULL was it of items that are older still: of neither can be asked.
_subject: Final = func.coalesce(plan_item.c.item["group"].as_string(), plan_item.c.account_id)
_UNTOLD: Final = _items.where(
    plan_item.c.outcome == OutcomeKind.DONE.value,
    _subject != "",
    ~exists().where(
        audit_event.c.app == plan_item.c.app,
        audit_event.c.run_id == run.c.id,
        audit_event.c.subject_id == _subject,
    ),
)
_UNCONCLUDED: Final = _items.where(
    plan_item.c.intended.is_not(None), plan_item.c.outcome.is_(None), run.c.ended.is_not(None)
)
_LAST: Final = select(func.max(audit_log.c.seq))
_ENTRY_OF: Final = select(audit_log.c.seq).where(audit_log.c.event_pk == bindparam("of_event"))
_LEAVES: Final = (
    select(audit_log.c.leaf)
    .where(audit_log.c.seq >= bindparam("start"), audit_log.c.seq < bindparam("end"))
    .order_by(audit_log.c.seq)
)
_NODES: Final = (
    select(audit_node.c.hash)
    .where(
        audit_node.c.level == bindparam("level"),
        audit_node.c.index >= bindparam("start"),
        audit_node.c.index < bindparam("end"),
    )
    .order_by(audit_node.c.index)
)
_CHECKPOINTS: Final = (
    select(audit_checkpoint)
    .where(audit_checkpoint.c.size >= bindparam("start"))
    .order_by(audit_checkpoint.c.size)
    .limit(bindparam("limit"))
)
_SIGNED_BEFORE: Final = select(func.max(audit_checkpoint.c.size)).where(audit_checkpoint.c.signed < bindparam("moment"))
_COSIGNATURES: Final = (
    select(audit_cosignature.c.line)
    .where(audit_cosignature.c.size == bindparam("size"))
    .order_by(audit_cosignature.c.witness)
)
_COUNT_PENDING: Final = select(func.count()).select_from(audit_pending)
_OLDEST: Final = select(audit_pending.c.event_pk).order_by(audit_pending.c.event_pk).limit(1)
_SIGNED: Final = select(audit_checkpoint.c.size).limit(1)
_EVENT: Final = select(audit_event.c.body, audit_event.c.personal).where(audit_event.c.pk == bindparam("of_event"))
_TRIGGERS: Final = {
    POSTGRESQL: text(
        "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND c.relnamespace = current_schema()::regnamespace"
    ),
    "sqlite": text("SELECT name FROM sqlite_master WHERE type = 'trigger'"),
}


class SqlLogReader:
    """What there is of the log; see `LogReader`."""

    def __init__(self, link: Link) -> None:
        self._link = link

    @property
    def _connection(self) -> Connection:
        return self._link.core

    def head(self) -> LogHead:
        """Return where the log ends, as the head row says."""
        row = self._connection.execute(_HEAD).one()
        peaks = tuple(row.peaks[at : at + HASH_SIZE] for at in range(0, len(row.peaks), HASH_SIZE))
        return LogHead(row.size, row.chain, peaks, row.epoch)

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[LogEntry]:
        """Yield the entries from number `start` up to `end`, in order. Numbers that are missing are left out."""
        if end is None:
            last = self._connection.execute(_LAST).scalar()
            end = 0 if last is None else last + 1
        chunks = ({"start": first, "end": min(end, first + _AT_ONCE)} for first in range(start, end, _AT_ONCE))
        for rows in _ENTRIES.each(self._link, chunks):
            yield from map(LogEntry._make, rows)

    def records(self) -> Sequence[LogEntry]:
        """Return the entries that are records of the log itself, in order."""
        return [LogEntry._make(row) for row in self._connection.execute(_RECORDS)]

    def nodes(self) -> Mapping[tuple[int, int], bytes]:
        """Return the nodes that are kept, by level and index."""
        return {(level, index): node for level, index, node in self._connection.execute(select(audit_node))}

    def strays(self, limit: int) -> Sequence[int]:
        """Return the row numbers of events that are in no entry and do not wait for one either."""
        return self._connection.execute(_STRAYS.limit(limit)).scalars().all()

    def unproven(self, limit: int) -> Sequence[str]:
        """Return in words which effects of plans no event tells of, and which intentions nobody concluded."""
        untold = self._connection.execute(_UNTOLD.limit(limit)).all()
        open_ones = self._connection.execute(_UNCONCLUDED.limit(limit)).all()
        return [
            *(f"run {one.id}, item {one.position}: it is told as done, and no event tells of it" for one in untold),
            *(
                f"run {one.id}, item {one.position}: it was intended, and nothing tells how it ended"
                for one in open_ones
            ),
        ]

    def entry_of(self, event_pk: int) -> int | None:
        """Return the number of the entry of an event, or None while it has none."""
        seq: int | None = self._connection.execute(_ENTRY_OF, {"of_event": event_pk}).scalar()
        return seq

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of a complete node, from what is stored. Raises KeyError where leaves of it are missing."""
        base = level - level % TILE
        span = 1 << (level - base)
        bounds = {"start": index * span, "end": (index + 1) * span}
        statement = _NODES if base else _LEAVES
        found = self._connection.execute(statement, bounds | ({"level": base} if base else {})).scalars().all()
        if len(found) != span:
            raise KeyError(f"of node {index} at level {level}, {span - len(found)} of {span} parts are missing")
        tree = Tree()
        for part in found:
            tree.append(part)
        return tree.root()

    def checkpoints(self, start: int = 0) -> Iterator[SignedCheckpoint]:
        """Yield the checkpoints of `start` entries and more, the smallest first."""
        while rows := self._connection.execute(_CHECKPOINTS, {"start": start, "limit": _CHECKPOINTS_AT_ONCE}).all():
            for row in rows:
                yield self._checkpoint(row)
            start = rows[-1].size + 1

    def newest_checkpoint(self) -> SignedCheckpoint | None:
        """Return the largest checkpoint."""
        newest = select(audit_checkpoint).order_by(audit_checkpoint.c.size.desc()).limit(1)
        row = self._connection.execute(newest).first()
        return self._checkpoint(row) if row else None

    def signed_before(self, moment: datetime) -> int:
        """Return how many entries the largest checkpoint has that was signed before that moment; 0 where none was."""
        signed = self._connection.execute(_SIGNED_BEFORE, {"moment": microseconds(moment)}).scalar()
        return signed or 0

    def pending(self) -> tuple[int, datetime | None]:
        """Return how many events wait to be sealed, and when the oldest of them was written."""
        count = self._connection.execute(_COUNT_PENDING).scalar_one()
        return count, self.oldest_waiting() if count else None

    def oldest_waiting(self) -> datetime | None:
        """Return when the oldest of the events was written that wait to be sealed, or None where none waits."""
        oldest = self._connection.execute(_OLDEST).scalar()
        row = self._connection.execute(_EVENT, {"of_event": oldest}).first() if oldest else None
        return event_of(row.body, row.personal).at if row else None

    def is_signed(self) -> bool:
        """Return whether there is a checkpoint."""
        return self._connection.execute(_SIGNED).first() is not None

    def missing_triggers(self) -> tuple[str, ...]:
        """Return the names of the triggers that should keep the tables as they are, and do not."""
        there = set(self._connection.execute(_TRIGGERS[self._link.dialect]).scalars())
        kinds = ["no_update", "no_delete", *(["no_truncate"] if self._link.dialect == POSTGRESQL else [])]
        wanted = ["audit_event_waits", *(f"{table}_{kind}" for table in NEVER_CHANGED for kind in kinds)]
        return tuple(name for name in wanted if name not in there)

    def _checkpoint(self, row: Any) -> SignedCheckpoint:
        lines = self._connection.execute(_COSIGNATURES, {"size": row.size}).scalars()
        return SignedCheckpoint(row.size, row.epoch, row.note + "".join(lines), moment_of(row.signed))


class SqlLogWriter(SqlLogReader):
    """One transaction of the sequencer; see `LogWriter`."""

    def waiting(self, limit: int) -> Sequence[Waiting]:
        """Return events that are in no entry, the oldest first."""
        numbers = list(self._connection.execute(_WAITING, {"limit": limit}).scalars())
        if not numbers:
            return []
        return [Waiting(*row) for row in self._connection.execute(_BODIES, {"events": json_text(numbers)})]

    def append(self, growth: Growth) -> None:
        """Write what comes behind the end of the log, and where it ends now."""
        head, first = growth.head, growth.head.size - len(growth.entries)
        rows = [
            {"seq": first + at, "event_pk": one.event_pk, "body": one.body, "leaf": one.leaf, "chain": one.chain}
            for at, one in enumerate(growth.entries)
        ]
        nodes = [{"level": level, "index": index, "hash": node} for level, index, node in growth.nodes]
        _APPEND.insert(self._connection, rows)
        _KEEP_NODES.insert(self._connection, nodes)
        if events := [one.event_pk for one in growth.entries if one.event_pk is not None]:
            self._connection.execute(_SEALED, {"events": json_text(events)})
        values = {"size": head.size, "chain": head.chain, "peaks": b"".join(head.peaks), "epoch": head.epoch}
        self._connection.execute(_GO_ON, {f"new_{name}": value for name, value in values.items()})

    def keep_checkpoint(self, checkpoint: SignedCheckpoint) -> None:
        """Write a checkpoint."""
        row = {"size": checkpoint.size, "epoch": checkpoint.epoch, "note": checkpoint.note}
        self._connection.execute(_KEEP_CHECKPOINT, row | {"signed": microseconds(checkpoint.signed)})


class SqlAuditLog:
    """The log, and the right to go on with it; see `AuditLog`."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def waits(self) -> bool:
        """Return whether an event is in no entry yet."""
        return self._transactions.first_row(_WAITS) is not None

    def take(self, holder: str, lasting: timedelta) -> int:
        """Take the log and return the fencing token. Raises `LeaseHeldError` while another one has it."""
        with self._transactions.writing() as link:
            parameters = {"new_holder": holder, "lasting": microseconds(lasting)}
            token: int | None = link.core.execute(_TAKE, parameters).scalar()
            if token is None:
                other = link.core.execute(_WHO).one()
                until = moment_of(other.expires).isoformat(timespec="seconds")
                raise LeaseHeldError(f"{other.holder} seals the audit log, with a lease until {until}")
            return token

    def release(self, token: int) -> None:
        """Give the log back; nothing happens when it was taken over."""
        with self._transactions.writing() as link:
            link.core.execute(_RELEASE, {"of_token": token})

    @contextmanager
    def sealing(self, token: int, lasting: timedelta) -> Iterator[SqlLogWriter]:
        """Open a transaction that may go on with the log, and extend the lease. Raises `LeaseLostError`."""
        with self._transactions.writing() as link:
            parameters = {"of_token": token, "lasting": microseconds(lasting)}
            if link.core.execute(_EXTEND, parameters).scalar() is None:
                raise LeaseLostError("the audit log was taken over by a later sequencer")
            yield SqlLogWriter(link)

    @contextmanager
    def reading_log(self) -> Iterator[SqlLogReader]:
        """Open a transaction that sees one state."""
        with self._transactions.reading() as link:
            yield SqlLogReader(link)

    def keep_cosignature(self, size: int, witness: str, line: str) -> None:
        """Keep the signature line of a witness beside its checkpoint; a second one of the same witness is not kept."""
        with self._transactions.writing() as link:
            link.core.execute(
                _KEEP_COSIGNATURE[self._transactions.dialect], {"size": size, "witness": witness, "line": line}
            )
