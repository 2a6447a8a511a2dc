"""A witness is asked over HTTP, and nothing that comes back is believed unchecked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.core.notes import COSIGNATURE, Note, VerifierKey
from syncd.delivery.posting import Patience
from syncd.delivery.witnesses import Witness
from syncd.ports.witnesses import (
    WitnessConflictError,
    WitnessError,
    WitnessRefusedError,
    WitnessUnreachableError,
)
from syncd.signing import SigningKey, is_signed
from tests.delivery.web_receiver import WebReceiver, web_receiver
from tests.support.logs import ORIGIN, SampleLog, naive_proof
from tests.support.witnesses import local_witness

QUICK = Patience(2.0, 2.0, 2.0)
LOG = SampleLog.named(ORIGIN)
SIGNING = SigningKey.new("witness.example/w1", COSIGNATURE)
NOTE = LOG.note(10)
PATH = "/a/prefix-that-is-nobodys-business"


def witness_at(url: str, key: VerifierKey = SIGNING.key) -> Witness:
    return Witness(url, key, is_signed, patience=QUICK, longest=3.0)


@pytest.fixture
def receiver() -> Iterator[WebReceiver]:
    with web_receiver() as receiver:
        yield receiver


def asked(receiver: WebReceiver, status: int, body: bytes = b"", note: Note = NOTE) -> str:
    """Ask a receiver that answers so, and return the text of the error."""
    receiver.status, receiver.body = status, body
    with pytest.raises(WitnessError) as caught:
        witness_at(receiver.url + PATH).cosign(0, (), note)
    assert not isinstance(caught.value, WitnessConflictError)
    return f"{type(caught.value).__name__}: {caught.value}"


def test_a_witness_is_asked_and_what_it_signed_is_returned(tmp_path: Path) -> None:
    with local_witness(tmp_path, [LOG.signing.key]) as there:
        witness = witness_at(f"{there.url}/", there.key)
        witness.cosign(0, (), NOTE)
        larger = LOG.note(20)
        line = witness.cosign(10, naive_proof(10, LOG.leaves[:20]), larger)
        assert larger.with_signature(line).signed_by([there.key], is_signed) == (there.key,)
        seen = there.seen(ORIGIN)
        assert seen is not None
        assert seen.size == 20
        with pytest.raises(WitnessConflictError) as caught:
            witness.cosign(0, (), larger)
        assert caught.value.size == 20
        with pytest.raises(WitnessRefusedError, match="Run: syncd audit verify"):
            witness.cosign(20, (), LOG.note(30))
        with pytest.raises(WitnessRefusedError, match="--epoch"):
            witness.cosign(0, (), SampleLog(f"{ORIGIN}/epoch-2", signing=LOG.signing).note(5))
        with pytest.raises(WitnessRefusedError, match="another key for this log"):
            witness.cosign(0, (), SampleLog.named(ORIGIN).note(5))


def test_the_request_is_as_the_specification_has_it(receiver: WebReceiver) -> None:
    receiver.body = str(SIGNING.cosign(LOG.note(20).text, 1_800_000_000)).encode()
    proof = naive_proof(10, LOG.leaves[:20])
    witness_at(receiver.url + PATH).cosign(10, proof, LOG.note(20))
    (posted,) = receiver.posted
    assert posted.path == f"{PATH}/add-checkpoint"
    head, _, note = posted.body.decode().partition("\n\n")
    assert (head.split("\n")[0], len(head.split("\n"))) == ("old 10", 1 + len(proof))
    assert note == str(LOG.note(20))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"ok",
        b"\xff",
        str(SIGNING.cosign(LOG.note(11).text, 1)).encode(),
        str(SigningKey.new(SIGNING.key.name, COSIGNATURE).cosign(NOTE.text, 1)).encode(),
        str(SIGNING.sign_note(NOTE.text)).encode(),
        str(NOTE.signatures[0]).encode(),
        b"x" * 1_000_000,
    ],
)
def test_what_is_no_cosignature_of_this_checkpoint_is_not_believed(receiver: WebReceiver, answer: bytes) -> None:
    assert "RefusedError: witness.example/w1: what it answered is no cosignature" in asked(receiver, 200, answer)


@pytest.mark.parametrize(
    "size", [b"", b"7", b"-7\n", b"07\n", b"7\n7\n", b"9999999999999999999\n", "\u0667\n".encode()]
)
def test_a_conflict_without_a_size_is_a_refusal(receiver: WebReceiver, size: bytes) -> None:
    assert "RefusedError" in asked(receiver, 409, size)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, "Refused") for status in (302, 400, 401, 403, 404, 422)),
        *((status, "Unreachable") for status in (429, 500, 503)),
    ],
)
def test_an_error_tells_the_status_and_a_remedy_and_nothing_of_what_was_answered(
    receiver: WebReceiver, status: int, kind: str
) -> None:
    told = asked(receiver, status, b"a word that is not repeated")
    assert told.startswith(f"Witness{kind}Error: witness.example/w1: answered {status}")
    assert "not repeated" not in told
    assert PATH not in told


def test_a_redirect_is_not_followed(receiver: WebReceiver) -> None:
    receiver.headers = {"Location": f"{receiver.url}/elsewhere"}
    assert "redirects are not followed" in asked(receiver, 307)
    assert len(receiver.posted) == 1


@pytest.mark.parametrize("mood", ["silent", "dripping", "gone"])
def test_nobody_waits_for_a_witness_that_does_not_answer(receiver: WebReceiver, mood: str) -> None:
    if mood == "gone":
        receiver.vanish()
    receiver.mood = mood
    with pytest.raises(WitnessUnreachableError, match=r"witness\.example/w1: no answer") as caught:
        witness_at(receiver.url + PATH).cosign(0, (), NOTE)
    assert PATH not in str(caught.value)
