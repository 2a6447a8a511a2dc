"""The sequencer: every event becomes an entry, once, and what is signed of them holds."""

import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from syncd.core.audit_log import CHAIN_BEGINS, chained, commitment
from syncd.core.changes import Action
from syncd.core.checkpoints import Checkpoint
from syncd.core.merkle import is_consistent, leaf_hash, range_root
from syncd.core.notes import Note
from syncd.ports import LeaseHeldError, LeaseLostError
from syncd.ports.audit import LogEntry, OutsideError
from syncd.signing import SigningKey, is_signed
from syncd.store import SqlDatabase
from syncd.store.engine import make_engine
from syncd.workflows.seal_audit import LEASE, BrokenLogError, rotate, seal
from tests.conftest import SteppingClock
from tests.workflows.sealing import APP, CAUSE, ORIGIN, Sealing, sealing

Attack = Callable[[str], None]


@pytest.fixture
def log(database: SqlDatabase, clock: SteppingClock, tmp_path: Path) -> Sealing:
    return sealing(database, clock, tmp_path / "heads")


def entries(log: Sealing) -> list[LogEntry]:
    with log.database.audit_log.reading_log() as reader:
        return list(reader.entries())


def test_every_event_becomes_an_entry_once_and_in_order(log: Sealing) -> None:
    log.write("ann", "bob", "cid")
    assert (log.seal().sealed, log.seal().sealed) == (3, 0)
    log.write("dan")
    assert log.seal().sealed == 1
    events = [one for one in entries(log) if one.event_pk is not None]
    assert [json.loads(one.personal or b"")["subject_name"] for one in events] == ["ann", "bob", "cid", "dan"]
    assert [one.seq for one in entries(log)] == list(range(log.size))


def test_an_entry_is_of_the_bytes_of_its_event_and_follows_the_one_before(log: Sealing) -> None:
    log.write("ann", "bob")
    log.seal()
    before = CHAIN_BEGINS
    for one in entries(log):
        assert one.leaf == leaf_hash(one.body or b"")
        before = chained(before, one.leaf)
        assert one.chain == before
        assert one.app == APP
        assert json.loads(one.body or b"")["personal"] == commitment(one.salt or b"", one.personal or b"")


def test_what_is_personal_is_in_no_hashed_byte(log: Sealing) -> None:
    log.write("ann-the-unmistakable")
    log.seal()
    (entry,) = (one for one in entries(log) if one.event_pk is not None)
    assert b"unmistakable" not in (entry.body or b"")
    assert b"unmistakable" in (entry.personal or b"")


def test_a_checkpoint_is_signed_and_each_grows_from_the_one_before(log: Sealing) -> None:
    first, second = log.sign("ann", "bob"), log.sign("cid", "dan", "eve")
    with log.database.audit_log.reading_log() as reader:
        for one in reader.checkpoints():
            assert Note.parse(one.note).signed_by([log.notary.signer.key], is_signed)  # type: ignore[union-attr]
        path = [range_root(first.size, second.size, reader.node)]
        assert range_root(0, first.size, reader.node) == first.root
    assert (first.origin, first.size, second.size) == (ORIGIN, 2, 5)
    assert is_consistent(2, first.root, 5, second.root, _path(log, 2, 5)), path


def _path(log: Sealing, old: int, size: int) -> list[bytes]:
    from syncd.core.merkle import consistency_ranges  # noqa: PLC0415 -- only here

    with log.database.audit_log.reading_log() as reader:
        return [range_root(*one, reader.node) for one in consistency_ranges(old, size)]


def test_the_end_of_a_run_is_signed_at_once(log: Sealing) -> None:
    log.sign("ann")
    with log.database.transaction(APP, CAUSE) as unit:
        unit.note(Action.RUN_ENDED, {})
    assert log.seal().checkpoint is not None


def test_a_day_in_which_nothing_happens_is_told(log: Sealing, clock: SteppingClock) -> None:
    log.sign("ann")
    assert log.seal().checkpoint is None
    clock.moment += timedelta(days=1)
    signed = log.seal().checkpoint
    assert signed is not None
    assert json.loads(entries(log)[-1].body or b"")["record"] == "heartbeat"
    assert log.seal().checkpoint is None


def test_without_a_key_entries_are_made_and_nothing_is_signed(log: Sealing) -> None:
    log.notary = replace(log.notary, signer=None)
    log.write("ann")
    assert (log.seal().sealed, log.seal().checkpoint) == (1, None)


def test_one_sequencer_at_a_time_has_the_log(log: Sealing) -> None:
    with pytest.raises(LeaseHeldError, match=r"sequencer-1 seals the audit log"):
        log.database.audit_log.take("sequencer-2", LEASE)


def test_a_sequencer_that_was_overtaken_seals_nothing_more(log: Sealing, database_url: str) -> None:
    log.write("ann")
    with make_engine(database_url).begin() as connection:
        connection.execute(text("UPDATE audit_head SET expires = 0"))
    later = log.database.audit_log.take("sequencer-2", LEASE)
    with pytest.raises(LeaseLostError):
        log.seal()
    assert seal(log.notary, later).sealed == 1


def test_events_of_many_writers_all_come_into_the_log(log: Sealing) -> None:
    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(log.write, *(f"u{one}-{n}" for n in range(25))) for one in range(4)]
        while not all(one.done() for one in writing):
            log.seal()
        [one.result() for one in writing]
    log.seal()
    told = [one.event_pk for one in entries(log) if one.event_pk is not None]
    assert len(told) == len(set(told)) == 100


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET body = body",
        "UPDATE audit_event SET personal = salt",
        "UPDATE audit_event SET subject_id = 'x', personal = NULL, salt = NULL",
        "DELETE FROM audit_event",
        "UPDATE audit_log SET seq = seq + 100",
        "DELETE FROM audit_log",
        "DELETE FROM audit_checkpoint",
        "UPDATE audit_checkpoint SET note = ''",
        "DELETE FROM audit_node WHERE level = 8",
    ],
)
def test_the_database_refuses_to_change_the_log(log: Sealing, database_url: str, statement: str) -> None:
    log.sign(*(f"user{number}" for number in range(257)))
    if statement.startswith("UPDATE audit_event SET body") and database_url.startswith("postgres"):
        statement = "UPDATE audit_event SET body = body, personal = personal"
    with make_engine(database_url).connect() as connection, pytest.raises(DatabaseError, match="never changed"):
        connection.execute(text(statement))


def test_the_personal_part_of_an_event_can_be_removed_and_is_told_as_removed(log: Sealing, database_url: str) -> None:
    log.sign("ann")
    with make_engine(database_url).begin() as connection:
        connection.execute(text("UPDATE audit_event SET personal = NULL, salt = NULL"))
    with log.database.reading(APP) as unit:
        (event,) = unit.audit_trail()
    assert (event.is_erased, event.subject_name, event.detail) == (True, None, {})


def test_a_database_that_was_put_back_goes_on_as_another_epoch(
    log: Sealing, database_url: str, tmp_path: Path, clock: SteppingClock
) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("the copy is one of a file")
    log.sign("ann")
    live = sqlite3.connect(database_url.removeprefix("sqlite:///"))
    with closing(live), closing(sqlite3.connect(tmp_path / "backup.db")) as backup:
        live.backup(backup)
        lost = log.sign("bob", "cid")
        backup.backup(live)
    result = log.seal()
    assert result.begun == 2
    assert result.checkpoint is not None
    checkpoint = Checkpoint.of(Note.parse(result.checkpoint.note))
    assert checkpoint.origin == f"{ORIGIN}/epoch-2"
    record = json.loads(entries(log)[-1].body or b"")
    assert (record["record"], record["epoch"], record["found"]["size"]) == ("epoch", 2, 1)
    assert Checkpoint.of(Note.parse(record["outside"])) == lost
    log.sign("dan")
    assert log.seal().begun is None


def test_a_folder_that_is_not_there_keeps_the_log_from_being_signed_and_not_from_being_sealed(log: Sealing) -> None:
    log.write("ann")
    folder = log.heads._path
    folder.rmdir()
    result = seal(log.notary, log.token)
    assert (result.sealed, result.checkpoint) == (1, None)
    assert "Make or mount it" in (result.why_unsigned or "")
    folder.mkdir()
    assert log.seal().checkpoint is not None


def test_heads_of_another_log_are_not_taken_for_ours(log: Sealing) -> None:
    other = SigningKey.new("example.com/other")
    checkpoint = Checkpoint("example.com/other", 1, bytes(32))
    log.heads.publish(str(Note(checkpoint.text, (other.sign_note(checkpoint.text),))))
    log.write("ann")
    result = log.seal()
    assert result.checkpoint is None
    assert "'example.com/other'" in (result.why_unsigned or "")


def test_a_head_in_our_name_that_somebody_else_signed_begins_no_epoch(log: Sealing) -> None:
    log.sign("ann")
    checkpoint = Checkpoint(ORIGIN, 1000, bytes(32))
    log.heads.publish(str(Note(checkpoint.text, (SigningKey.new(ORIGIN).sign_note(checkpoint.text),))))
    log.write("bob")
    results = [log.seal() for _ in range(20)]
    assert {result.begun for result in results} == {None}
    assert "no key that this one followed" in (results[-1].why_unsigned or "")
    assert log.size == 2


def test_a_head_that_a_former_key_signed_is_ours(log: Sealing) -> None:
    log.sign("ann")
    successor = SigningKey.new(ORIGIN)
    rotate(log.notary, log.token, successor)  # whose head did not get out
    log.with_key(successor)
    assert log.sign("bob").size == 3


def test_a_head_that_was_half_written_is_written_anew(log: Sealing) -> None:
    log.sign("ann")
    (path,) = log.heads._path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    assert list(log.heads.notes()) == [log.heads.newest()]
    log.sign("bob")
    assert len(list(log.heads.notes())) == 2
    path.write_bytes(b"rubbish\n")
    with pytest.raises(OutsideError, match="the last line"):
        log.heads.newest()
    with pytest.raises(OutsideError, match="line 1"):
        list(log.heads.notes())
    path.write_bytes(b"x" * 100_000)
    with pytest.raises(OutsideError, match="last line"):
        log.heads.newest()


def test_the_newest_head_is_found_at_the_end_of_a_long_file(log: Sealing) -> None:
    log.sign("ann")
    (path,) = log.heads._path.iterdir()
    path.write_bytes(path.read_bytes() * 2_000)
    log.sign("bob")
    assert log.heads.newest() == list(log.heads.notes())[-1]


def without_triggers(url: str, *statements: str) -> None:
    """Change the tables as somebody does who may do everything."""
    with make_engine(url).begin() as connection:
        if url.startswith("sqlite"):
            for name in (
                connection.execute(
                    text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name <> 'audit_event_waits'")
                )
                .scalars()
                .all()
            ):
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("SET session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET leaf = chain WHERE seq = 0",
        "DELETE FROM audit_log WHERE seq = 0",
        "UPDATE audit_checkpoint SET note = replace(note, '2', '3')",
    ],
)
def test_a_log_that_does_not_hold_what_was_signed_is_not_gone_on_with(
    log: Sealing, database_url: str, statement: str
) -> None:
    log.sign("ann", "bob")
    log.heads._path.rename(log.heads._path.with_name("kept"))  # nothing outside tells it
    log.heads._path.mkdir()
    without_triggers(database_url, statement)
    log.write("cid")
    with pytest.raises(BrokenLogError, match="audit verify"):
        log.sign()
    with log.database.audit_log.reading_log() as reader:
        assert [one.size for one in reader.checkpoints()] == [2]


def test_a_key_is_followed_by_another_and_both_sign_it(log: Sealing) -> None:
    log.sign("ann")
    old, new = log.notary.signer, SigningKey.new(ORIGIN)
    assert old is not None
    signed = rotate(log.notary, log.token, new)
    assert Note.parse(signed.note).signed_by([old.key, new.key], is_signed) == (old.key, new.key)
    record = json.loads(entries(log)[-1].body or b"")
    assert (record["record"], record["old"], record["new"]) == ("key-rotated", str(old.key), str(new.key))
    log.with_key(new)
    log.sign("bob")


def test_how_far_the_log_was_signed_before_a_moment_is_told(log: Sealing) -> None:
    sizes = [log.sign("ann").size, log.sign("bob").size]
    with log.database.audit_log.reading_log() as reader:
        first, second = reader.checkpoints()
        found = [reader.signed_before(one) for one in (first.signed, second.signed, second.signed + timedelta(hours=1))]
    assert found == [0, *sizes]
