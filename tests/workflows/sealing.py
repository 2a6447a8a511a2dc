"""A log to be sealed: who seals it, events for it, and its folder outside."""

from dataclasses import dataclass, replace
from pathlib import Path

from syncd.core.changes import Cause, Change
from syncd.core.checkpoints import Checkpoint
from syncd.core.notes import Note
from syncd.delivery.heads import HeadFolder
from syncd.ports import Clock
from syncd.ports.audit import Signer
from syncd.signing import SigningKey, is_signed
from syncd.store import SqlDatabase
from syncd.workflows.seal_audit import LEASE, Notary, SealResult, seal

APP = "acme"
CAUSE = Cause("test")
ORIGIN = "example.com/syncd"
_MOST_ROUNDS = 30


@dataclass
class Sealing:
    """A database, and who seals its log."""

    database: SqlDatabase
    notary: Notary
    heads: HeadFolder
    token: int

    def write(self, *logins: str) -> None:
        """Create accounts, each with an event."""
        for login in logins:
            with self.database.transaction(APP, CAUSE) as unit:
                unit.record(Change("User", None, {"userName": login, "active": True}))

    def seal(self) -> SealResult:
        """Seal once, and publish the head that was signed."""
        result = seal(self.notary, self.token)
        if result.checkpoint:
            self.heads.publish(result.checkpoint.note)
        return result

    def sign(self, *logins: str) -> Checkpoint:
        """Write, and seal until a checkpoint is signed: the clock runs on by itself."""
        self.write(*logins)
        for _ in range(_MOST_ROUNDS):
            result = self.seal()
            if result.checkpoint:
                return Checkpoint.of(Note.parse(result.checkpoint.note))
        raise AssertionError("nothing is signed")

    @property
    def size(self) -> int:
        """How many entries the log has."""
        with self.database.audit_log.reading_log() as log:
            return log.head().size

    def with_key(self, signer: Signer) -> None:
        """Sign with another key."""
        self.notary = replace(self.notary, signer=signer)


def sealing(database: SqlDatabase, clock: Clock, folder: Path) -> Sealing:
    """Take the log of a database, and make a folder for its heads."""
    folder.mkdir(exist_ok=True)
    heads = HeadFolder(folder, ORIGIN)
    log = database.audit_log
    notary = Notary(log, clock, ORIGIN, SigningKey.new(ORIGIN), is_signed, heads)
    return Sealing(database, notary, heads, log.take("sequencer-1", LEASE))
