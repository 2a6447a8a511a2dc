"""A month of an application with its sealed log, and the pack that is made of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scim.resource import Document
from syncd.core.changes import Cause, Change
from syncd.core.movements import Movement, Period
from syncd.core.okta_events import LogEvent
from syncd.evidence import Pack, build
from syncd.evidence.packing import Choices, shipped_controls
from syncd.ports.audit import Signer
from syncd.store import SqlDatabase
from syncd.workflows.collect_evidence import Evidence, Wanted, collect
from syncd.workflows.read_log import ReadLog, read_log
from tests.conftest import APP, SteppingClock
from tests.fakes.event_log import FakeEventLog
from tests.workflows.sealing import Sealing, sealing

START = datetime(2026, 3, 1, tzinfo=UTC)
MARCH = Period(START, START + timedelta(days=31))
NOW = START + timedelta(days=40)
PUSHED = Cause("token:4f1c2a", request_id="req-1")
ADD, REMOVE = (f"application.user_membership.{name}" for name in ("add", "remove"))
DAY = timedelta(days=1)


@dataclass
class Month:
    """A database with its log, and Okta's events."""

    database: SqlDatabase
    clock: SteppingClock
    log: Sealing
    okta: FakeEventLog = field(default_factory=lambda: FakeEventLog(limit=100))

    def event(self, event_type: str, okta_user_id: str) -> LogEvent:
        """Let something happen in Okta now."""
        self.okta.now = self.clock.moment
        return self.okta.happen(event_type, okta_user_id)

    def join(self, login: str, okta_user_id: str) -> str:
        """Assign somebody, and push them; return the SCIM id."""
        self.event(ADD, okta_user_id)
        return self.write(None, {"userName": login, "externalId": okta_user_id, "active": True})

    def leave(self, account_id: str, okta_user_id: str) -> None:
        """Unassign somebody, and push that."""
        self.event(REMOVE, okta_user_id)
        self.change(account_id, active=False)

    def change(self, account_id: str, **values: object) -> None:
        """Change an account, as a push does."""
        self.write(account_id, dict(values))

    def write(self, account_id: str | None, document: Document) -> str:
        """Write an account, and return its id."""
        with self.database.transaction(APP, PUSHED) as unit:
            before = unit.resources.read("User", account_id) if account_id else None
            after = {**before.document, **document} if before else document
            stored = unit.record(Change("User", before, after))
        assert stored is not None
        return stored.id

    def seal(self) -> None:
        """Seal everything, and sign a checkpoint of it."""
        size = -1
        while size != self.log.size or self.signed() < size:
            size = self.log.size
            self.log.seal()

    def signed(self) -> int:
        """How many entries the newest checkpoint has."""
        with self.database.audit_log.reading_log() as reader:
            newest = reader.newest_checkpoint()
        return newest.size if newest else 0

    @property
    def key(self) -> Signer:
        """The private key of the log."""
        assert self.log.notary.signer is not None
        return self.log.notary.signer

    def read(self) -> ReadLog:
        """Read Okta's log as a pack does."""
        return read_log(self.okta, MARCH.start - DAY, lambda _: None, "the fake log")

    def collect(self, read: ReadLog | None = None, *, now: datetime = NOW) -> Evidence:
        """Collect the evidence of March."""
        slas = dict.fromkeys(Movement, DAY)
        wanted = Wanted(APP, "0oaacme0000000000001", MARCH, now, slas, "0 2 * * *")
        return collect(self.database, self.database.audit_log, wanted, read or self.read())

    def pack(self, evidence: Evidence | None = None, **choices: object) -> Pack:
        """Pack the evidence of March."""
        chosen = replace(Choices(shipped_controls(), {"app": {}}, sample=2), **choices)  # type: ignore[arg-type]
        return build(evidence or self.collect(), chosen, self.key)


@contextmanager
def month(database: SqlDatabase, clock: SteppingClock, folder: Path) -> Iterator[Month]:
    """Give a month in which nothing has happened yet."""
    yield Month(database, clock, sealing(database, clock, folder / "heads"))


def busy(made: Month) -> Month:
    """Let people join, move and leave, and one of them be forgotten; a stranger leaves the org; then seal."""
    ids = {name: made.join(f"{name}@example.com", f"00u{name}") for name in ("ann", "bob", "cid")}
    made.event("user.account.update_profile", "00uann")
    made.change(ids["ann"], displayName="=cmd|' /C calc'!A0")
    made.leave(ids["bob"], "00ubob")
    made.event(REMOVE, "00ucid")
    made.event("user.lifecycle.deactivate", "00ustranger")
    made.seal()
    return made
