"""Records of the audit log: proved, exported, and told, on each database."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from scim.resource import Member, MembershipChange
from syncd.core.audit_log import canonical
from syncd.core.changes import Action, Cause, Change
from syncd.core.notes import Note
from syncd.core.proofs import PersonalState, Proof, check
from syncd.core.subjects import MarkKind
from syncd.signing import SigningKey, is_signed
from syncd.store import SqlDatabase
from syncd.store.engine import make_engine
from syncd.workflows.export_audit import Selection, export
from syncd.workflows.history import history
from syncd.workflows.prove_audit import UncoveredError, UnprovableError, entry_of_event, prove
from syncd.workflows.seal_audit import rotate
from tests.conftest import SteppingClock
from tests.workflows.audit_records import (
    OTHER_APP,
    change,
    checked,
    create,
    documented_check,
    entries,
    told,
    write_as_before,
)
from tests.workflows.sealing import APP, CAUSE, Sealing, sealing
from tests.workflows.test_seal_audit import without_triggers


@pytest.fixture
def log(database: SqlDatabase, clock: SteppingClock, tmp_path: Path) -> Sealing:
    return sealing(database, clock, tmp_path / "heads")


# ------------------------------------------------------------------ proofs


def test_every_entry_is_proved_by_the_public_key_alone(log: Sealing, clock: SteppingClock) -> None:
    log.sign("ann", "bob", "cid")
    clock.moment += timedelta(days=1)
    log.sign()  # says that nothing happened
    log.sign("dan")
    for entry in entries(log):
        proved = checked(log, prove(log.database.audit_log, entry.seq))
        assert (proved.index, canonical(proved.event)) == (entry.seq, canonical(json.loads(entry.body or b"")))
        assert proved.state is (PersonalState.NONE if entry.event_pk is None else PersonalState.SHOWN)


def test_the_first_checkpoint_that_covers_it_is_taken_or_the_newest(log: Sealing) -> None:
    sizes = [log.sign(login).size for login in ("ann", "bob", "cid")]
    assert checked(log, prove(log.database.audit_log, 1)).checkpoint.size == sizes[1]
    assert checked(log, prove(log.database.audit_log, 1, newest=True)).checkpoint.size == sizes[2]


def test_cosignatures_are_in_the_proof(log: Sealing) -> None:
    size = log.sign("ann").size
    witness = SigningKey.new("example.com/witness", 4)
    line = str(witness.cosign(Note.parse(log.heads.newest() or "").text, 77))
    log.database.audit_log.keep_cosignature(size, witness.key.name, line)
    assert log.notary.signer is not None
    proof = prove(log.database.audit_log, 0)
    proved = check(Proof.parse(str(proof)), [log.notary.signer.key, witness.key], is_signed)
    assert [one.seconds for one in proved.signers] == [None, 77]


def test_what_was_signed_with_a_key_of_before_is_proved_with_that_key(log: Sealing) -> None:
    log.sign("ann")
    assert log.notary.signer is not None
    old, new = log.notary.signer.key, SigningKey.new(log.notary.origin)
    rotate(log.notary, log.token, new)
    log.with_key(new)
    log.sign("bob")
    first, last = prove(log.database.audit_log, 0), prove(log.database.audit_log, log.size - 1)
    assert check(first, [old, new.key], is_signed).signers[0].key == old
    assert check(last, [old, new.key], is_signed).signers[0].key == new.key


def test_a_record_that_cannot_be_proved_yet_is_told_with_the_remedy(log: Sealing) -> None:
    audit = log.database.audit_log
    with pytest.raises(UnprovableError, match="no entry yet; `syncd worker`"):
        prove(audit, 0)
    log.write("ann")
    with pytest.raises(UnprovableError, match="one of the 1 that wait"):
        entry_of_event(audit, 1)
    log.sign()
    assert entry_of_event(audit, entries(log)[0].event_pk or 0) == 0
    log.write("bob")
    log.seal()
    with pytest.raises(UncoveredError, match="no checkpoint covers it yet"):
        prove(audit, 1)
    with pytest.raises(UncoveredError):
        prove(audit, 1, newest=True)
    for beyond in (2, -1):
        with pytest.raises(UnprovableError, match="its entries are 0 to 1"):
            prove(audit, beyond)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET body = salt",
        "UPDATE audit_log SET leaf = chain WHERE seq = 1",
        "DELETE FROM audit_log WHERE seq = 1",
        "DELETE FROM audit_log WHERE seq = 2",
        "UPDATE audit_checkpoint SET note = 'no note'",
    ],
)
def test_what_does_not_hold_is_not_handed_out(log: Sealing, database_url: str, statement: str) -> None:
    log.sign("ann", "bob", "cid")
    without_triggers(database_url, statement)
    with pytest.raises(UnprovableError, match="syncd audit verify"):
        prove(log.database.audit_log, 1)


def test_checkpoints_are_read_a_page_at_a_time_and_all_of_them(log: Sealing, database_url: str) -> None:
    log.sign("ann")
    with make_engine(database_url).begin() as connection:
        rows = [{"size": size} for size in range(2, 1300)]
        connection.execute(
            text("INSERT INTO audit_checkpoint (size, epoch, note, signed) VALUES (:size, 1, '', 0)"), rows
        )
    with log.database.audit_log.reading_log() as reader:
        assert [one.size for one in reader.checkpoints()] == list(range(1, 1300))
        assert next(iter(reader.checkpoints(700))).size == 700


# ------------------------------------------------------------------ exports


def test_an_export_has_every_entry_and_its_chain_is_made_again_from_it_alone(log: Sealing) -> None:
    log.sign("ann", "bob")
    log.sign("cid")
    lines = list(export(log.database.audit_log))
    assert [line["seq"] for line in lines] == list(range(log.size))
    assert [line["event"]["subject_name"] for line in lines] == ["ann", "bob", "cid"]
    assert lines[0]["event"]["detail"]["after"]["userName"] == "ann"
    assert documented_check(lines) == ""
    assert documented_check(list(export(log.database.audit_log, Selection(start=1)))) == ""


@pytest.mark.parametrize("part", ["leaf", "chain", "body", "salt", "personal"])
def test_an_export_that_was_changed_does_not_hold(log: Sealing, part: str) -> None:
    log.sign("ann", "bob", "cid")
    lines = list(export(log.database.audit_log))
    lines[1][part] = lines[2][part]
    assert documented_check(lines) == "entry 1 does not hold"
    assert documented_check([lines[0], lines[2]]) == "entry 2 does not hold"


def test_of_other_applications_an_export_has_what_the_chain_is_made_of(log: Sealing) -> None:
    log.database.ensure_app(OTHER_APP, "0oaother000000000001")
    for number in range(4):
        create(log, f"user{number}", app=(APP, OTHER_APP)[number % 2])
    log.sign()
    lines = list(export(log.database.audit_log, Selection(app=APP)))
    assert [sorted(line) == ["chain", "leaf", "seq"] for line in lines] == [False, True, False, True]
    assert documented_check(lines) == ""


def test_an_export_of_a_time_begins_and_ends_within_it_and_its_chain_has_no_gap(
    log: Sealing, clock: SteppingClock
) -> None:
    log.sign("ann")
    begin = clock.moment = clock.moment + timedelta(hours=1)
    log.sign("bob")
    clock.moment -= timedelta(minutes=30)  # the clock was put back for a while
    log.write("cid")
    clock.moment += timedelta(minutes=40)
    log.write("dan")
    end = clock.moment = clock.moment + timedelta(hours=1)
    log.sign("eve")
    lines = list(export(log.database.audit_log, Selection(since=begin, until=end)))
    assert [line.get("event", {}).get("subject_name") for line in lines] == ["bob", None, "dan"]
    assert documented_check(lines) == ""
    assert list(export(log.database.audit_log, Selection(since=end + timedelta(days=1)))) == []


def test_an_export_without_personal_data_has_none(log: Sealing, database_url: str) -> None:
    log.sign("ann-unmistakable")
    (line,) = export(log.database.audit_log, Selection(with_personal=False))
    assert "unmistakable" not in json.dumps(line)
    assert (line["event"]["action"], line["salt"], line["personal"], line["erased"]) == (
        "account:created",
        None,
        None,
        False,
    )
    assert documented_check([line]) == ""
    write_as_before(database_url, {"action": "account:created", "detail": {}, "subject_name": "bob-unmistakable"})
    log.sign()
    lines = list(export(log.database.audit_log, Selection(with_personal=False)))
    assert lines[1]["body"] is None
    assert "unmistakable" not in json.dumps(lines)
    assert documented_check(lines) == ""


def test_what_cannot_be_read_is_exported_as_it_is(log: Sealing, database_url: str) -> None:
    log.sign("ann", "bob")
    without_triggers(
        database_url, "UPDATE audit_event SET body = salt WHERE pk = (SELECT event_pk FROM audit_log WHERE seq = 1)"
    )
    lines = list(export(log.database.audit_log, Selection(app=APP)))
    assert documented_check(lines[:1]) == ""
    assert lines[1]["body"] == lines[1]["salt"]


# ------------------------------------------------------------------ histories


def test_a_history_tells_all_of_an_account_from_where_it_came_and_what_covers_it(log: Sealing) -> None:
    ann = create(log, "ann", Cause("token:4f1c"))
    log.sign()
    change(log, ann, Cause("reconciler", run_id="run-1"), active=False, displayName="Ann")
    log.seal()
    with log.database.transaction(APP, Cause("operator:root")) as unit:
        unit.decisions.mark(ann, MarkKind.HOLD, "an audit", None)
    (one,) = history(log.database, APP, "ANN")
    assert (one.account_id, one.name, one.is_there) == (ann, "ann", True)
    lines = one.as_json()["events"]
    assert [(line["entry"], line["checkpoint"], line["source"]) for line in lines] == [
        (0, 1, "push"),
        (1, None, "reconciler"),
        (None, None, "operator"),
    ]
    assert lines[1]["detail"]["after"]["active"] is False
    assert lines[1]["run"] == "run-1"
    assert lines[2]["detail"]["why"] == "an audit"
    log.sign()
    (one,) = history(log.database, APP, ann)
    assert [event.checkpoint for event in one.told] == [1, 3, 3]


def test_a_history_has_the_groups_and_what_is_told_of_nobody_in_particular(log: Sealing) -> None:
    ann, bob = create(log, "ann"), create(log, "bob")
    with log.database.transaction(APP, CAUSE) as unit:
        members = MembershipChange(add=(Member(ann),))
        unit.record(Change("Group", None, {"displayName": "Staff"}, members))
        unit.note(Action.REVOCATION_LATE, {"account": ann, "lateSeconds": 7})
    ((_, actions),) = told(log, ann)
    assert actions == ["account:created", "group:created", "revocation:late"]
    assert told(log, bob) == [(bob, ["account:created"])]


def test_a_deleted_account_is_found_by_its_id_and_by_every_name_it_had(log: Sealing) -> None:
    ann = create(log, "ann")
    change(log, ann, userName="anna")
    change(log, ann)
    trail = ["account:created", "account:updated", "account:deleted"]
    for key in (ann, "anna", "ANNA", "ann"):
        assert told(log, key) == [(ann, trail)], key
    assert history(log.database, APP, ann)[0].is_there is False
    again = create(log, "anna")
    assert told(log, "anna") == [(again, ["account:created"]), (ann, trail)]
    assert told(log, "nobody") == []
    assert told(log, "") == []
