"""From a sealed log to a checkpoint that others have cosigned, over HTTP; and what a witness finds out."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from syncd.core.checkpoints import Checkpoint
from syncd.core.notes import Note, VerifierKey
from syncd.core.witnessing import Seen
from syncd.delivery.posting import Patience
from syncd.delivery.witnesses import Witness
from syncd.ports.audit import SignedCheckpoint
from syncd.signing import SigningKey, is_signed
from syncd.store import SqlDatabase
from syncd.workflows.gather_cosignatures import Outcome, WitnessTold, cosigned
from syncd.workflows.seal_audit import rotate
from tests.conftest import SteppingClock
from tests.support.witnesses import LocalWitness, local_witness
from tests.workflows.sealing import ORIGIN, Sealing, sealing
from tests.workflows.test_seal_audit import without_triggers

QUICK = Patience(2.0, 2.0, 2.0)
NEXT = SigningKey.new(ORIGIN)


@dataclass
class Watched:
    """A log, and two witnesses of it on the loopback interface."""

    log: Sealing
    there: list[LocalWitness]

    @property
    def key(self) -> VerifierKey:
        assert self.log.notary.signer is not None
        return self.log.notary.signer.key

    @property
    def witnesses(self) -> list[Witness]:
        return [Witness(one.url, one.key, is_signed, patience=QUICK) for one in self.there]

    def newest(self) -> SignedCheckpoint:
        with self.log.database.audit_log.reading_log() as reader:
            newest = reader.newest_checkpoint()
        assert newest is not None
        return newest

    def sign(self, *logins: str) -> tuple[WitnessTold, ...]:
        """Write, seal and sign, and have it cosigned."""
        self.log.sign(*logins)
        return self.cosign()

    def cosign(self) -> tuple[WitnessTold, ...]:
        return cosigned(self.log.database.audit_log, self.newest(), self.witnesses, is_signed)

    def outcomes(self, *logins: str) -> list[Outcome]:
        return [one.outcome for one in (self.sign(*logins) if logins else self.cosign())]


@pytest.fixture
def watched(database: SqlDatabase, clock: SteppingClock, tmp_path: Path) -> Iterator[Watched]:
    log = sealing(database, clock, tmp_path / "heads")
    assert log.notary.signer is not None
    keys, epochs = [log.notary.signer.key, NEXT.key], [f"{ORIGIN}/epoch-2"]
    with ExitStack() as stack:
        there = [
            stack.enter_context(local_witness(tmp_path, keys, epochs[:number], f"witness.example/w{number}"))
            for number in (1, 0)
        ]
        yield Watched(log, there)


def test_a_checkpoint_is_cosigned_and_anybody_can_check_that(watched: Watched) -> None:
    for logins in (["ann"], ["bob", "cid", "dan"], ["eve", "fay"]):
        told = watched.sign(*logins)
        size = watched.newest().size
        assert [(one.outcome, one.has, one.why) for one in told] == [(Outcome.COSIGNED, size, "")] * 2
        note = Note.parse(watched.newest().note)
        keys = [watched.key, *(one.key for one in watched.there)]
        assert set(note.signed_by(keys, is_signed)) == set(keys)
        assert [one.seen(ORIGIN) for one in watched.there] == [Seen(size, _root(note))] * 2


def _root(note: Note) -> bytes:
    return Checkpoint.of(note).root


def test_a_log_with_hundreds_of_entries_is_proved_from_what_is_stored(watched: Watched) -> None:
    watched.sign(*(f"a{number}" for number in range(300)))
    assert watched.outcomes(*(f"b{number}" for number in range(270))) == [Outcome.COSIGNED] * 2


def test_a_witness_that_is_down_holds_up_neither_the_log_nor_the_others_and_is_asked_again(
    watched: Watched, tmp_path: Path
) -> None:
    down, up = watched.there
    watched.there = [LocalWitness("http://127.0.0.1:9", down.key, down.memory), up]
    first, second = watched.sign("ann")
    assert (first.outcome, second.outcome) == (Outcome.UNREACHABLE, Outcome.COSIGNED)
    assert "See whether the address is right" in first.why
    watched.log.sign("bob")
    watched.there = [down, up]
    assert watched.outcomes() == [Outcome.COSIGNED] * 2
    assert down.seen(ORIGIN) == up.seen(ORIGIN)


def test_one_that_has_cosigned_already_is_not_asked_again(watched: Watched) -> None:
    watched.sign("ann")
    watched.there = [LocalWitness("http://127.0.0.1:9", one.key, one.memory) for one in watched.there]
    assert watched.outcomes() == [Outcome.COSIGNED] * 2


def test_a_checkpoint_that_is_not_the_newest_any_more_is_overtaken(watched: Watched) -> None:
    watched.log.sign("ann")
    older = watched.newest()
    watched.sign("bob")
    told = cosigned(watched.log.database.audit_log, older, watched.witnesses, is_signed)
    assert [(one.outcome, one.has) for one in told] == [(Outcome.OVERTAKEN, 2)] * 2


def test_a_database_that_was_put_back_unnoticed_is_found_out_by_the_witness(
    watched: Watched, database_url: str, tmp_path: Path
) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("the copy is one of a file")
    watched.sign("ann")
    put_back(watched, database_url, tmp_path, "bob", "cid")
    # The folder of heads was put back with it, so that the log does not know.
    for path in watched.log.heads._path.iterdir():
        path.unlink()
    sizes = []
    for logins, outcome, word in (
        (["dan"], Outcome.BEHIND, "has cosigned 3 entries of this log, and there are 2"),
        (["eve"], Outcome.REFUSED, "has cosigned 3 other entries"),
        (["fay"], Outcome.REFUSED, "does not go on from what it has cosigned"),
    ):
        told = watched.sign(*logins)
        sizes.append(watched.newest().size)
        assert [one.outcome for one in told] == [outcome] * 2
        assert all(word in one.why and "syncd audit verify" in one.why for one in told)
    assert sizes == [2, 3, 4]
    assert [one.seen(ORIGIN) for one in watched.there if (seen := one.seen(ORIGIN)) and seen.size != 3] == []


def put_back(watched: Watched, database_url: str, tmp_path: Path, *lost: str) -> None:
    """Go on with a copy of the database as it was before these were written, signed and cosigned."""
    live = sqlite3.connect(database_url.removeprefix("sqlite:///"))
    with closing(live), closing(sqlite3.connect(tmp_path / "backup.db")) as backup:
        live.backup(backup)
        watched.sign(*lost)
        backup.backup(live)


def test_an_epoch_is_cosigned_where_somebody_on_the_other_side_has_allowed_it(
    watched: Watched, database_url: str, tmp_path: Path
) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("the copy is one of a file")
    watched.sign("ann")
    put_back(watched, database_url, tmp_path, "bob", "cid")
    assert watched.log.seal().begun == 2
    allowed, not_told = watched.cosign()
    assert (allowed.outcome, not_told.outcome) == (Outcome.COSIGNED, Outcome.REFUSED)
    assert "--epoch" in not_told.why
    assert watched.outcomes("dan") == [Outcome.COSIGNED, Outcome.REFUSED]


def test_a_key_that_follows_another_is_cosigned_where_it_is_named_too(watched: Watched) -> None:
    watched.sign("ann")
    rotate(watched.log.notary, watched.log.token, NEXT)
    assert watched.outcomes() == [Outcome.COSIGNED] * 2
    watched.log.with_key(NEXT)
    assert watched.outcomes("bob") == [Outcome.COSIGNED] * 2


def test_a_log_whose_entries_are_missing_proves_nothing(watched: Watched, database_url: str) -> None:
    watched.sign("ann")
    watched.log.sign("bob")
    without_triggers(database_url, "DELETE FROM audit_log WHERE seq = 1")
    told = watched.cosign()
    assert [one.outcome for one in told] == [Outcome.REFUSED] * 2
    assert all("entries are missing" in one.why for one in told)


def test_a_cosignature_that_was_kept_and_changed_is_not_taken_for_one(watched: Watched, database_url: str) -> None:
    watched.log.sign("ann")
    first = watched.there[0].key
    other = SigningKey.new(first.name, first.kind).cosign("another text\n", 1)
    line = type(other)(first.name, first.key_id, other.value)
    watched.log.database.audit_log.keep_cosignature(watched.newest().size, first.name, str(line))
    forged, honest = watched.cosign()
    assert (forged.outcome, honest.outcome) == (Outcome.REFUSED, Outcome.COSIGNED)
    assert "does not hold" in forged.why
