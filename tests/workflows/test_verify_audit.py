"""Attacks on the log, by somebody who may write everything in the database: what finds them."""

import base64
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from syncd.core.audit_log import CHAIN_BEGINS, ERASED_EVENTS, ERASED_SUBJECT, canonical, chained, commitment
from syncd.core.checkpoints import Checkpoint
from syncd.core.merkle import Tree, leaf_hash
from syncd.core.notes import Note, VerifierKey
from syncd.core.verification import FaultKind as F
from syncd.core.verification import Trust
from syncd.signing import SigningKey, is_signed
from syncd.store import SqlDatabase, audit_log
from syncd.store.engine import make_engine
from syncd.workflows.seal_audit import BrokenLogError, rotate
from syncd.workflows.verify_audit import Scope, Verdict, verify_log
from tests.conftest import SteppingClock
from tests.workflows.sealing import APP, CAUSE, ORIGIN, Sealing, sealing
from tests.workflows.test_seal_audit import without_triggers

Attack = Callable[[Connection], None]


@pytest.fixture
def log(database: SqlDatabase, clock: SteppingClock, tmp_path: Path) -> Sealing:
    log = sealing(database, clock, tmp_path / "heads")
    log.sign("ann", "bob", "cid")
    log.sign("dan", "eve")
    return log


def verified(log: Sealing, *, outside: bool = True, keys: tuple[VerifierKey, ...] = (), since: int = 0) -> Verdict:
    signer = log.notary.signer
    assert signer is not None
    trust = Trust(ORIGIN, keys or (signer.key,), is_signed)
    heads = [(note, f"head {number}") for number, note in enumerate(log.heads.notes(), 1)] if outside else []
    return verify_log(log.database.audit_log, trust, Scope(log.notary.clock.now(), since, heads))


def kinds(verdict: Verdict) -> set[F]:
    return {fault.kind for fault in verdict.faults}


def rows(connection: Connection) -> list[tuple[int, int | None, bytes, bytes]]:
    found = connection.execute(
        text(
            "SELECT l.seq, l.event_pk, coalesce(l.body, e.body), l.leaf FROM audit_log l "
            "LEFT JOIN audit_event e ON e.pk = l.event_pk ORDER BY l.seq"
        )
    )
    return [(row[0], row[1], bytes(row[2]), bytes(row[3])) for row in found]


def edited(body: bytes) -> bytes:
    return body.replace(b'"actor":"test"', b'"actor":"nobody"')


def edit_a_row(connection: Connection) -> None:
    _, event_pk, body, _ = rows(connection)[1]
    connection.execute(
        text("UPDATE audit_event SET body = :body WHERE pk = :pk"), {"body": edited(body), "pk": event_pk}
    )


def edit_the_value_and_not_the_hash(connection: Connection) -> None:
    """The personal part, which no leaf is made of."""
    connection.execute(
        text("UPDATE audit_event SET personal = :new WHERE pk = :pk"),
        {"new": b'{"detail":{},"subject_name":"mallory"}', "pk": rows(connection)[1][1]},
    )


def recompute(connection: Connection) -> None:
    """Chain, nodes and head, as somebody does who knows how the log is made."""
    tree, chain = Tree(), CHAIN_BEGINS
    for seq, _, body, _ in rows(connection):
        leaf = leaf_hash(body)
        chain = chained(chain, leaf)
        tree.append(leaf)
        connection.execute(
            text("UPDATE audit_log SET leaf = :leaf, chain = :chain WHERE seq = :seq"),
            {"leaf": leaf, "chain": chain, "seq": seq},
        )
    connection.execute(
        text("UPDATE audit_head SET size = :size, chain = :chain, peaks = :peaks"),
        {"size": tree.size, "chain": chain, "peaks": b"".join(tree.peaks)},
    )


def edit_and_recompute_the_suffix(connection: Connection) -> None:
    edit_a_row(connection)
    recompute(connection)
    connection.execute(text("DELETE FROM audit_checkpoint WHERE size > 1"))


def cut_the_tail(connection: Connection) -> None:
    pks = [pk for seq, pk, _, _ in rows(connection) if seq >= 3]
    connection.execute(text("DELETE FROM audit_log WHERE seq >= 3"))
    for pk in pks:
        connection.execute(text("DELETE FROM outbox WHERE event_pk = :pk"), {"pk": pk})
        connection.execute(text("DELETE FROM audit_event WHERE pk = :pk"), {"pk": pk})
    connection.execute(text("DELETE FROM audit_checkpoint WHERE size > 3"))
    recompute(connection)


def swap_two_rows(connection: Connection) -> None:
    first, second = (row[1] for row in rows(connection)[1:3])
    for old, new in ((first, -1), (second, first), (-1, second)):
        connection.execute(text("UPDATE audit_log SET event_pk = :new WHERE event_pk = :old"), {"old": old, "new": new})


def delete_a_checkpoint(connection: Connection) -> None:
    connection.execute(text("DELETE FROM audit_checkpoint WHERE size = 3"))


def forge_a_signature(connection: Connection) -> None:
    edit_a_row(connection)
    recompute(connection)
    other = SigningKey.new(ORIGIN)
    tree = Tree()
    notes = {}
    for _, _, body, _ in rows(connection):
        tree.append(leaf_hash(body))
        checkpoint = Checkpoint(ORIGIN, tree.size, tree.root())
        notes[tree.size] = str(Note(checkpoint.text, (other.sign_note(checkpoint.text),)))
    for (size,) in connection.execute(text("SELECT size FROM audit_checkpoint")).all():
        connection.execute(
            text("UPDATE audit_checkpoint SET note = :note WHERE size = :size"), {"note": notes[size], "size": size}
        )


def take_an_event_away(connection: Connection) -> None:
    pk = rows(connection)[1][1]
    connection.execute(text("DELETE FROM outbox WHERE event_pk = :pk"), {"pk": pk})
    connection.execute(text("DELETE FROM audit_event WHERE pk = :pk"), {"pk": pk})


def take_an_entry_away(connection: Connection) -> None:
    connection.execute(text("DELETE FROM audit_log WHERE seq = 1"))


def remove_what_is_personal(connection: Connection) -> None:
    connection.execute(
        text("UPDATE audit_event SET personal = NULL, salt = NULL WHERE pk = :pk"), {"pk": rows(connection)[1][1]}
    )


def keep_an_event_out(connection: Connection) -> None:
    last = rows(connection)[-1][1]
    connection.execute(
        text(
            "INSERT INTO audit_event (pk, app, subject_id, run_id, body) "
            "SELECT pk + 1000, app, subject_id, run_id, body FROM audit_event WHERE pk = :pk"
        ),
        {"pk": last},
    )
    connection.execute(text("DELETE FROM audit_pending"))


ATTACKS: dict[str, tuple[Attack, F, F | None]] = {
    "edit a row": (edit_a_row, F.EDITED, F.EDITED),
    "edit a row and recompute all that follows": (edit_and_recompute_the_suffix, F.OUTSIDE_DIFFERS, F.UNSIGNED),
    "cut the tail": (cut_the_tail, F.OUTSIDE_AHEAD, None),
    "swap two rows": (swap_two_rows, F.EDITED, F.EDITED),
    "delete a checkpoint": (delete_a_checkpoint, F.CHECKPOINT_MISSING, None),
    "forge a signature": (forge_a_signature, F.UNSIGNED, F.UNSIGNED),
    "edit a value and not the hash": (edit_the_value_and_not_the_hash, F.PERSONAL_EDITED, F.PERSONAL_EDITED),
    "remove an event": (take_an_event_away, F.EVENT_MISSING, F.EVENT_MISSING),
    "remove an entry": (take_an_entry_away, F.GAP, F.GAP),
    "remove what is personal without a word": (remove_what_is_personal, F.PERSONAL_REMOVED, F.PERSONAL_REMOVED),
    "keep an event out of the log": (keep_an_event_out, F.STRAY, F.STRAY),
}
"""What is done to the tables, what finds it with the heads outside, and what without; None where nothing does."""


def test_a_log_that_nobody_touched_holds(log: Sealing) -> None:
    verdict = verified(log)
    assert verdict.faults == ()
    assert (verdict.size, verdict.signed, verdict.checkpoints, verdict.outside) == (5, 5, 2, 2)
    assert verified(log, since=3).faults == ()
    assert (verified(log, since=3).started_at, verified(log, since=3).root) == (3, verdict.root)


@pytest.mark.parametrize("at_once", [1, 2, 1000])
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_found(
    log: Sealing, database_url: str, name: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "_AT_ONCE", at_once)
    attack, with_heads, without_heads = ATTACKS[name]
    assaulted(database_url, attack)
    assert with_heads in kinds(verified(log))
    found = kinds(verified(log, outside=False))
    assert without_heads in found if without_heads else not found


def assaulted(url: str, attack: Attack) -> None:
    """Attack with the triggers out of the way, and put them back as somebody does who wants not to be seen."""
    with make_engine(url).begin() as connection:
        names: list[tuple[str, str]] = []
        if url.startswith("sqlite"):
            found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
            names = [(row[0], row[1]) for row in found if row[0] != "audit_event_waits"]
            for name, _ in names:
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("SET session_replication_role = replica"))
        attack(connection)
        for _, sql in names:
            connection.exec_driver_sql(sql)


def test_a_trigger_that_is_gone_is_told(log: Sealing, database_url: str) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("on PostgreSQL the triggers were put aside for a session")
    without_triggers(database_url)
    verdict = verified(log)
    assert kinds(verdict) == {F.TRIGGER}
    assert any("audit_log_no_delete" in fault.message for fault in verdict.faults)


def test_an_older_database_that_was_put_back_is_found_and_its_epoch_has_to_be_accepted(
    log: Sealing, database_url: str, tmp_path: Path
) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("the copy is one of a file")
    live = sqlite3.connect(database_url.removeprefix("sqlite:///"))
    with closing(live), closing(sqlite3.connect(tmp_path / "backup.db")) as backup:
        live.backup(backup)
        log.sign("fay", "gus")
        backup.backup(live)
    assert F.OUTSIDE_AHEAD in kinds(verified(log))
    assert verified(log, outside=False).faults == ()
    assert log.seal().begun == 2
    log.sign("hal")
    assert kinds(verified(log)) == {F.EPOCH}
    signer = log.notary.signer
    assert signer is not None
    trust = Trust(ORIGIN, [signer.key], is_signed, epochs=[2])
    heads = [(note, "head") for note in log.heads.notes()]
    assert verify_log(log.database.audit_log, trust, Scope(log.notary.clock.now(), 0, heads)).faults == ()


def test_the_first_bad_entry_is_named(log: Sealing, database_url: str) -> None:
    assaulted(database_url, edit_a_row)
    assert verified(log).faults[0].seq == 1


def test_another_key_than_the_log_s_is_told_from_a_log_that_does_not_hold(log: Sealing) -> None:
    verdict = verified(log, keys=(SigningKey.new(ORIGIN).key,))
    assert kinds(verdict) == {F.UNSIGNED}


def test_keys_that_followed_one_another_are_trusted_from_either_end(log: Sealing) -> None:
    first, second = log.notary.signer, SigningKey.new(ORIGIN)
    assert first is not None
    log.heads.publish(rotate(log.notary, log.token, second).note)
    log.with_key(second)
    log.sign("fay")
    assert verified(log, keys=(first.key,)).faults == ()
    assert verified(log, keys=(second.key,)).faults == ()
    log.with_key(first)
    with pytest.raises(BrokenLogError, match="another key signs since entry 5"):
        log.sign("gus")
    log.with_key(second)
    checkpoint = log.sign("hal")
    forged = Note(checkpoint.text, (first.sign_note(checkpoint.text),))
    trust = Trust(ORIGIN, [first.key], is_signed)
    scope = Scope(log.notary.clock.now(), 0, [(str(forged), "head")])
    verdict = verify_log(log.database.audit_log, trust, scope)
    assert kinds(verdict) == {F.UNSIGNED}, "what the former key signs later is no signature"


def test_an_event_that_cannot_be_read_is_told(log: Sealing, database_url: str) -> None:
    with make_engine(database_url).begin() as connection:
        statement = "INSERT INTO audit_event (app, body) SELECT min(app), :body FROM audit_event"
        connection.execute(text(statement), {"body": b"{no json"})
    log.sign("fay")
    assert kinds(verified(log)) == {F.UNREADABLE}


def test_what_waits_for_too_long_is_told(log: Sealing, clock: SteppingClock) -> None:
    log.write("fay")
    clock.moment = clock.moment.replace(hour=clock.moment.hour + 1)
    assert kinds(verified(log)) == {F.PENDING}


def test_a_removal_that_is_told_is_no_fault(log: Sealing, database_url: str) -> None:
    with make_engine(database_url).begin() as connection:
        pk = rows(connection)[1][1]
        detail = {ERASED_SUBJECT: "somebody", ERASED_EVENTS: [pk]}
        personal, salt = canonical({"detail": detail, "subject_name": None}), bytes(16)
        told = {"action": "audit:erased", "at": "2026-03-01T12:00:00+00:00", "app": APP, "actor": "operator:eve"}
        body = canonical(told | {"personal": commitment(salt, personal)})
        statement = "INSERT INTO audit_event (app, body, salt, personal) SELECT min(app), :b, :s, :p FROM audit_event"
        connection.execute(text(statement), {"b": body, "s": salt, "p": personal})
        connection.execute(text("UPDATE audit_event SET personal = NULL, salt = NULL WHERE pk = :pk"), {"pk": pk})
    log.sign("fay")
    verdict = verified(log)
    assert (verdict.faults, verdict.erased) == ((), 1)


def test_a_run_that_is_told_as_done_without_an_event_is_found(log: Sealing, database_url: str) -> None:
    with log.database.transaction(APP, CAUSE) as unit:
        unit.runs.begin("apply", None)
    with make_engine(database_url).begin() as connection:
        connection.execute(
            text(
                "INSERT INTO plan_item (app, run_pk, position, item, outcome, account_id) "
                "SELECT app, pk, 0, '{}', 'done', 'somebody' FROM run"
            )
        )
    assert kinds(verified(log)) == {F.INTENTION}


def test_an_unknown_checkpoint_to_begin_from_is_refused(log: Sealing) -> None:
    with pytest.raises(ValueError, match="newest ones are of 3, 5"):
        verified(log, since=4)


def test_a_head_that_is_no_note_is_told(log: Sealing) -> None:
    signer = log.notary.signer
    assert signer is not None
    trust = Trust(ORIGIN, [signer.key], is_signed)
    scope = Scope(log.notary.clock.now(), 0, [("nonsense", "heads/1"), (base64.b64encode(b"x").decode(), "heads/2")])
    verdict = verify_log(log.database.audit_log, trust, scope)
    assert kinds(verdict) == {F.SIGNATURE}
    assert [fault.message.partition(":")[0] for fault in verdict.faults] == ["heads/1", "heads/2"]


def test_a_log_without_a_key_says_that_nothing_was_signed(
    database: SqlDatabase, clock: SteppingClock, tmp_path: Path
) -> None:
    log = sealing(database, clock, tmp_path / "heads")
    log.write("ann")
    signer, log.notary = log.notary.signer, replace(log.notary, signer=None)
    log.seal()
    log.notary = replace(log.notary, signer=signer)
    assert kinds(verified(log)) == {F.UNSIGNED}


def test_the_guide_tells_which_attacks_are_found() -> None:
    guide = Path(__file__).parents[2].joinpath("docs", "audit-log.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| ([a-z ]+) \| ((?:not )?found \| (?:not )?found) \|$", guide, re.MULTILINE))
    assert told.pop("restore an older database") == "not found | found"  # the test of that name
    assert told == {
        name: f"{'found' if without else 'not found'} | {'found' if within else 'not found'}"
        for name, (_, within, without) in ATTACKS.items()
    }
