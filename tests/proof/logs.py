"""Schedules whose audit log is sealed and signed by a process of its own: it stops, dies and is overtaken.

What has to hold beside the other invariants (I22): an event is in one entry or waits for one, whatever was signed is
signed for good, and a run does nothing new while an event has waited for longer than a minute.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import func, select, update

from syncd.core.checkpoints import Checkpoint
from syncd.core.notes import ED25519, Note
from syncd.delivery.heads import HeadFolder
from syncd.ports import LeaseLostError
from syncd.ports.audit import AuditLog, LogWriter
from syncd.signing import SigningKey, is_signed
from syncd.store import SqlDatabase
from syncd.store.audit_tables import audit_checkpoint, audit_head, audit_log, audit_pending
from syncd.store.tables import audit_event, plan_item, run
from syncd.workflows.seal_audit import LEASE, Notary
from tests.proof.clocks import Wound
from tests.proof.exploring import MEMORY
from tests.proof.invariants import Monitor
from tests.proof.schedules import MOVES, Move
from tests.proof.timed import TimedSchedule
from tests.proof.world import PUSH, DiedError
from tests.workflows.sealing import ORIGIN, Sealing

KEY: Final = SigningKey(ORIGIN, ED25519, bytes(31) + b"\x01")
"""All schedules that share a database share its log, so they share the key."""
MOST_WAITED: Final = timedelta(seconds=61)
"""A minute, and what a look takes."""


@dataclass
class LogMonitor(Monitor):
    """Looks at the log as well.

    `late` has the runs that were planned while an event waited for too long, and the items that were intended then, by
    the ids of run and account.
    """

    clock: Wound = field(kw_only=True)
    late: set[str | tuple[str, str]] = field(default_factory=set)
    known: set[str | tuple[str, str]] = field(default_factory=set)

    def look(self) -> None:
        """As there, with what is intended now."""
        with self.world.database.reading(self.world.app) as unit:
            self._connection = unit._scope.connection
            intended = self._connection.execute(
                select(run.c.id, plan_item.c.account_id)
                .join_from(plan_item, run, run.c.pk == plan_item.c.run_pk)
                .where(plan_item.c.app == unit._scope.app, plan_item.c.intended.is_not(None))
            )
            self._note({(run_id, account_id) for run_id, account_id in intended})
        super().look()

    def _plans(self) -> None:
        super()._plans()
        self._note({*self.planned_at})

    def _note(self, found: set[Any]) -> None:
        """Note what is new, and whether an event waits for too long at this moment."""
        new = found - self.known
        self.known |= new
        if new and self._waited() > MOST_WAITED:
            self.late |= new

    def _waited(self) -> timedelta:
        oldest = select(func.min(audit_pending.c.event_pk)).scalar_subquery()
        is_signed_at_all = self._connection.execute(select(func.count()).select_from(audit_checkpoint)).scalar_one()
        body = self._connection.execute(select(audit_event.c.body).where(audit_event.c.pk == oldest)).scalar()
        if body is None or not is_signed_at_all:
            return timedelta(0)
        return self.clock.now() - datetime.fromisoformat(orjson.loads(body)["at"])

    def _event(self, event: dict[str, Any]) -> None:
        super()._event(event)
        if event["actor"].startswith("reconciler") and event["subject_id"]:
            done = {event["run_id"], (event["run_id"], event["subject_id"])}
            self._hold(self.late.isdisjoint(done), "I22: something was done while the audit log did not go on")

    def log_holds(self, signed: Mapping[int, bytes]) -> None:
        """Judge the log: each event once, and every checkpoint that was signed, by its size, of what is there."""
        with self.world.database.reading(self.world.app) as unit:
            self._connection = unit._scope.connection
            pending = set(self._connection.execute(select(audit_pending.c.event_pk)).scalars())
            kept = self._connection.execute(select(audit_checkpoint.c.note)).scalars().all()
            entries = self._connection.execute(
                select(audit_log.c.event_pk, func.coalesce(audit_log.c.body, audit_event.c.body))
                .outerjoin(audit_event, audit_event.c.pk == audit_log.c.event_pk)
                .order_by(audit_log.c.seq)
            ).all()
            events = self._connection.execute(select(audit_event.c.pk)).scalars().all()
        sealed = [pk for pk, _ in entries if pk is not None]
        self._hold(len(sealed) == len(set(sealed)), "I22: an event is in two entries")
        self._hold(pending.isdisjoint(sealed), "I22: an event is in an entry and waits for one")
        self._hold(pending.union(sealed) == set(events), "I22: an event is in no entry and waits for none")
        checkpoints = [Checkpoint.of(Note.parse(note)) for note in kept]
        roots = [(one.size, one.root) for one in checkpoints]
        self._hold(set(signed.items()) <= set(roots), "I22: a checkpoint that was signed is not there any more")
        grown, there = _Grown(), {}
        for _, body in entries:
            grown.add(body)
            there[grown.size] = grown.root()
        for size, root in roots:
            self._hold(there.get(size) == root, f"I22: the first {size} entries are not those that were signed")


class _Grown:
    """The tree of RFC 6962 over some leaves, made a second time: complete trees, the largest first."""

    def __init__(self) -> None:
        self.size = 0
        self._trees: list[tuple[int, bytes]] = []

    def add(self, body: bytes) -> None:
        self.size += 1
        self._trees.append((1, sha256(b"\x00" + body).digest()))
        while len(self._trees) > 1 and self._trees[-1][0] == self._trees[-2][0]:
            (size, left), (_, right) = self._trees[-2:]
            self._trees[-2:] = [(2 * size, sha256(b"\x01" + left + right).digest())]

    def root(self) -> bytes:
        hashes = [one for _, one in self._trees]
        root = hashes.pop()
        while hashes:
            root = sha256(b"\x01" + hashes.pop() + root).digest()
        return root


@dataclass(frozen=True)
class DyingLog:
    """A log whose sequencer is killed at a commit: before it, or else right behind it."""

    log: AuditLog
    before: bool

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)

    @contextmanager
    def sealing(self, token: int, lasting: timedelta) -> Iterator[LogWriter]:
        """As the port says, and the process dies."""
        with self.log.sealing(token, lasting) as unit:
            yield unit
            if self.before:
                raise DiedError
        raise DiedError


class LoggedSchedule(TimedSchedule):
    """One schedule with a sequencer."""

    pauses = (timedelta(seconds=25), timedelta(seconds=50), timedelta(minutes=2))
    longest = timedelta(minutes=50)

    def __init__(self, database: SqlDatabase, number: int) -> None:
        super().__init__(database, number)
        self._log_monitor = LogMonitor(self.world, clock=self._clock)
        self._monitor = self._log_monitor
        self._signed: dict[int, bytes] = {}
        self._former: list[Sealing] = []

    def run(self) -> None:
        """Play the schedule, with the log sealed at first and judged in the end."""
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            heads = HeadFolder(Path(folder), ORIGIN)
            log = self.world.database.audit_log
            notary = Notary(log, self._clock, ORIGIN, KEY, is_signed, heads)
            self._sequencer = Sealing(self.world.database, notary, heads, self._take())
            self.go_on(self.world)
            super().run()
            self._log_monitor.log_holds(self._signed)
            self._take()  # The next schedule begins with another sequencer.

    def _moves(self) -> Mapping[str, tuple[int, Move]]:
        return LOG_MOVES

    def _let_time_pass(self) -> None:
        """Mostly, what waits is sealed before the next run; sometimes for long it is not."""
        self._rng.choice([self.go_on, self.go_on, self.go_on, self.pause])(self.world)

    def _take(self) -> int:
        log = self.world.database.audit_log
        with self.world.database.transaction(self.world.app, PUSH) as unit:
            unit._scope.connection.execute(update(audit_head).values(expires=0))
        return log.take("sequencer", LEASE)

    # -- what moves

    def go_on(self, _who: object) -> None:
        """Seal all that waits."""
        self._sealed(self._sequencer)

    def _sealed(self, sequencer: Sealing) -> None:
        is_more = True
        while is_more:
            result = sequencer.seal()
            is_more = result.is_more
            self._monitor._hold(result.why_unsigned is None, f"I22: {result.why_unsigned}")
            if result.checkpoint:
                checkpoint = Checkpoint.of(Note.parse(result.checkpoint.note))
                self._signed[checkpoint.size] = checkpoint.root

    def die_sealing(self, _who: object) -> None:
        """Kill the sequencer at its commit; another one begins after that."""
        notary = self._sequencer.notary
        dying = replace(notary, log=DyingLog(notary.log, before=self._rng.random() < 0.5))
        try:
            self._sealed(replace(self._sequencer, notary=dying))
        except DiedError:
            self._sequencer = replace(self._sequencer, token=self._take())

    def overtake(self, _who: object) -> None:
        """Let another sequencer take the log over, while the former one still lives."""
        self._former.append(self._sequencer)
        self._sequencer = replace(self._sequencer, token=self._take())

    def seal_late(self, _who: object) -> None:
        """Let a sequencer that was overtaken go on: nothing comes of it."""
        for former in self._former:
            try:
                former.seal()
            except LeaseLostError:
                continue
            self._monitor._hold(False, "I8: a sequencer that was overtaken went on with the log")

    def _converge(self) -> None:
        self.go_on(self.world)
        super()._converge()


LOG_MOVES: Final[Mapping[str, tuple[int, Move]]] = {
    **{name: (max(1, weight // 2), move) for name, (weight, move) in MOVES.items()},
    "time passes for": (8, LoggedSchedule.pause),
    "the log goes on for": (6, LoggedSchedule.go_on),
    "the sequencer dies for": (4, LoggedSchedule.die_sealing),
    "another sequencer takes over for": (3, LoggedSchedule.overtake),
    "a former sequencer goes on for": (3, LoggedSchedule.seal_late),
}
"""What can happen, how often beside the others, and how."""
