"""Proofs of a record: what is proved is what was logged, whatever is changed in the file."""

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.audit_log import PERSONAL, canonical, commitment, epoch_origin
from syncd.core.checkpoints import Checkpoint
from syncd.core.merkle import Tree, inclusion_ranges, leaf_hash, range_root
from syncd.core.notes import COSIGNATURE, Note
from syncd.core.proofs import MOST_SIZE, Fault, PersonalState, Proof, ProofError, Proved, Record, check
from syncd.signing import SigningKey, is_signed

ORIGIN = "example.com/syncd"
LOG, WITNESS = SigningKey.new(ORIGIN), SigningKey.new("example.com/witness", COSIGNATURE)
SALT, PERSONAL_PART = b"s" * 16, canonical({"detail": {"after": {"active": True}}, "subject_name": "ann"})
SEEN = 1_700_000_000


def body_of(number: int) -> bytes:
    return canonical({"action": "account:created", "n": number, PERSONAL: commitment(SALT, PERSONAL_PART)})


def proof_of(index: int, size: int, record: Record | None = None, origin: str = ORIGIN) -> Proof:
    """Prove an entry of a log that the log and a witness signed."""
    record = record or record_of(index)
    leaves = [leaf_hash(body_of(number)) for number in range(size)]
    leaves[index] = leaf_hash(record.body)

    def node(level: int, at: int) -> bytes:
        tree = Tree()
        for leaf in leaves[at << level : (at + 1) << level]:
            tree.append(leaf)
        return tree.root()

    text = Checkpoint(origin, size, range_root(0, size, node)).text
    path = tuple(range_root(*one, node) for one in inclusion_ranges(index, size))
    return Proof(index, path, Note(text, (LOG.sign_note(text), WITNESS.cosign(text, SEEN))), record)


def record_of(number: int) -> Record:
    return Record(body_of(number), leaf_hash(body_of(number)), SALT, PERSONAL_PART)


def checked(proof: Proof) -> Proved:
    return check(proof, [LOG.key], is_signed)


def refused(proof: Proof | str) -> Fault:
    with pytest.raises(ProofError) as caught:
        checked(Proof.parse(proof) if isinstance(proof, str) else proof)
    return caught.value.fault


@given(st.data())
def test_every_entry_of_a_log_of_any_size_is_proved_by_its_file(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 40))
    index = data.draw(st.integers(0, size - 1))
    proof = proof_of(index, size)
    assert Proof.parse(str(proof)) == proof
    proved = checked(Proof.parse(str(proof)))
    assert (proved.index, proved.checkpoint.size, proved.event["n"]) == (index, size, index)
    assert (proved.state, proved.told) == (PersonalState.SHOWN, json.loads(PERSONAL_PART))


ONE = str(proof_of(5, 11))


@given(st.integers(0, len(ONE) - 1), st.characters(codec="utf-8", exclude_categories=["Cs"]))
def test_a_file_with_one_sign_changed_proves_the_same_or_nothing(at: int, sign: str) -> None:
    changed = ONE[:at] + sign + ONE[at + 1 :]
    try:
        proved = checked(Proof.parse(changed))
    except ProofError:
        return
    # Signatures of others may be changed: they prove nothing to somebody who does not have their key.
    assert proved == checked(Proof.parse(ONE))


@given(st.integers(0, len(ONE) - 1), st.integers(0, 80))
def test_a_file_of_which_a_piece_is_missing_proves_nothing_else(at: int, length: int) -> None:
    try:
        proved = checked(Proof.parse(ONE[:at] + ONE[at + length :]))
    except ProofError:
        return
    assert proved == checked(Proof.parse(ONE))


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_what_is_no_proof_is_told_as_that(text: str) -> None:
    for whole in (text, f"c2sp.org/tlog-proof@v1\n{text}", f"c2sp.org/tlog-proof@v1\nextra e30=\nindex 0\n\n{text}"):
        assert refused(whole) is Fault.NOT_A_PROOF


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("index 5", "index 05"),
        ("index 5", "index -5"),
        ("index 5", "index five"),
        ("index 5", "index " + "9" * 5000),
        ("index 5\n", "index 5\nAAAA\n"),
        ("extra ", "Extra "),
        (ONE.split("\n")[1] + "\n", ""),
        (ONE.split("\n")[1], "extra " + base64.b64encode(b"[" * 100_000).decode()),
        (ONE.split("\n")[1], "extra " + base64.b64encode(b'{"body":1,"leaf":"","personal":null,"salt":null}').decode()),
        (ONE.split("\n")[1], "extra " + base64.b64encode(b'{"body":"","leaf":null,"personal":"","salt":""}').decode()),
        ("\n\n", "\n"),
        (ORIGIN, f"{ORIGIN}\r"),
        ("\n11\n", "\n011\n"),
        ("\n11\n", "\neleven\n"),
        (ONE, ONE + "\n"),
        (ONE, ONE + "x" * MOST_SIZE),
    ],
)
def test_a_file_that_is_not_written_as_a_proof_is_none(was: str, now: str) -> None:
    assert was in ONE
    assert refused(ONE.replace(was, now, 1)) is Fault.NOT_A_PROOF


def test_each_way_to_be_wrong_has_its_own_name() -> None:
    whole = proof_of(5, 11)
    record = whole.record
    other = body_of(6)
    assert refused(replace(whole, record=replace(record, body=other))) is Fault.WRONG_LEAF
    assert refused(replace(whole, record=replace(record, body=other, leaf=leaf_hash(other)))) is Fault.WRONG_PATH
    assert refused(replace(whole, index=4)) is Fault.WRONG_PATH
    assert refused(replace(whole, path=whole.path[:-1])) is Fault.WRONG_PATH
    assert refused(replace(whole, record=replace(record, personal=b"{}"))) is Fault.WRONG_PERSONAL_PART
    assert refused(replace(whole, record=replace(record, salt=None))) is Fault.WRONG_PERSONAL_PART
    assert refused(replace(whole, note=Note("no checkpoint\n", whole.note.signatures))) is Fault.NOT_A_PROOF
    forged = proof_of(4, 11)
    assert refused(replace(forged, note=Note(forged.note.text, whole.note.signatures[1:]))) is Fault.NOT_SIGNED
    theirs = Checkpoint.of(whole.note)
    bigger = Note(replace(theirs, origin=f"{ORIGIN}2").text, whole.note.signatures)
    assert refused(replace(whole, note=bigger)) is Fault.NOT_SIGNED


def test_a_record_whose_personal_part_was_removed_is_proved_as_it_was() -> None:
    whole = proof_of(5, 11)
    erased = replace(whole, record=replace(whole.record, salt=None, personal=None))
    proved = checked(Proof.parse(str(erased)))
    assert (proved.state, proved.told, proved.event["n"]) == (PersonalState.ERASED, None, 5)
    assert proved.checkpoint == checked(whole).checkpoint


def test_a_record_that_commits_to_nothing_has_no_personal_part() -> None:
    body = canonical({"record": "heartbeat"})
    heartbeat = Record(body, leaf_hash(body), None, None)
    assert checked(proof_of(3, 7, heartbeat)).state is PersonalState.NONE
    slipped_in = replace(heartbeat, salt=SALT, personal=PERSONAL_PART)
    assert refused(proof_of(3, 7, slipped_in)) is Fault.WRONG_PERSONAL_PART
    for unreadable in (b"[]", b"\xff", b"[" * 100_000):
        assert refused(proof_of(3, 7, Record(unreadable, leaf_hash(unreadable), None, None))) is Fault.NOT_A_PROOF


def test_one_key_of_the_log_is_enough_and_every_witness_that_is_named_has_to_have_signed() -> None:
    whole, later = proof_of(5, 11), SigningKey.new(ORIGIN)
    other = SigningKey.new("example.com/elsewhere", COSIGNATURE)
    proved = check(whole, [later.key, LOG.key, WITNESS.key], is_signed)
    assert [(one.key, one.seconds) for one in proved.signers] == [(LOG.key, None), (WITNESS.key, SEEN)]
    for keys, fault in (
        ([], Fault.NOT_SIGNED),
        ([later.key], Fault.NOT_SIGNED),
        ([WITNESS.key], Fault.NOT_SIGNED),
        ([LOG.key, other.key], Fault.NOT_COSIGNED),
    ):
        with pytest.raises(ProofError) as caught:
            check(whole, keys, is_signed)
        assert caught.value.fault is fault


def test_the_key_of_a_log_vouches_for_its_epochs_and_for_no_other_log() -> None:
    assert checked(proof_of(1, 3, origin=epoch_origin(ORIGIN, 2))).index == 1
    assert refused(proof_of(1, 3, origin="example.com/other")) is Fault.NOT_SIGNED
