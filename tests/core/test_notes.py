"""Signed notes and checkpoints, with an example that others signed and pairs of notes that differ in one sign."""

import base64
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.checkpoints import Checkpoint, Occasion, occasion
from syncd.core.notes import COSIGNATURE, Note, NoteError, Signature, VerifierKey
from syncd.signing import SigningKey, is_signed

# From the documentation of golang.org/x/mod/sumdb/note.
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANNS = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_that_others_signed_is_read() -> None:
    key = VerifierKey.parse(NEUMANN)
    note = Note.parse(NEUMANNS)
    assert note.signed_by([key], is_signed) == (key,)
    assert (str(note), str(key)) == (NEUMANNS, NEUMANN)


def test_a_note_with_one_sign_changed_is_signed_by_nobody() -> None:
    with pytest.raises(NoteError, match="does not hold"):
        Note.parse(NEUMANNS.replace("answer", "Answer")).signed_by([VerifierKey.parse(NEUMANN)], is_signed)


def test_signatures_of_keys_that_are_not_known_say_nothing() -> None:
    other = SigningKey.new("PeterNeumann").key
    assert Note.parse(NEUMANNS).signed_by([other], is_signed) == ()


@given(st.text(st.characters(blacklist_categories=["Cc", "Cs"]), min_size=1), st.integers(0, 2**40))
def test_what_is_signed_and_cosigned_holds_and_is_read_as_it_was_written(line: str, seconds: int) -> None:
    log, witness = SigningKey.new("example.com/log"), SigningKey.new("example.com/witness", COSIGNATURE)
    text = f"{line}\n"
    note = Note(text, (log.sign_note(text), witness.cosign(text, seconds)))
    assert Note.parse(str(note)) == note
    assert note.signed_by([log.key, witness.key], is_signed) == (log.key, witness.key)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\nno signature\n",
        "text\n\n\u2014 name AAAA\n",
        "text\n\n\u2014 name x08go/ZJ",
        "text\n\n\u2014 a+b x08go/ZJkuBS9UG/\n",
        "te\tt\n\n\u2014 name x08go/ZJkuBS9UG/\n",
        "text\n\n" + "\u2014 name x08go/ZJkuBS9UG/\n" * 65,
    ],
)
def test_what_is_no_note_is_refused(raw: str) -> None:
    with pytest.raises(NoteError):
        Note.parse(raw)


@pytest.mark.parametrize(
    "text", ["", "name", "name+00000000+AAAA", NEUMANN[:-4], NEUMANN.replace("c74f", "c75f"), "a b+1+A"]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        VerifierKey.parse(text)


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    checkpoint = Checkpoint(
        "example.com/log", 20852163, base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    )
    assert checkpoint.text == "example.com/log\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert Checkpoint.of(Note(checkpoint.text, ())) == checkpoint


@pytest.mark.parametrize(
    "text", ["log\n", "log\n1\n", "log\n01\nAAAA\n", "log\n1\nAAAA\n", "log\n-1\n" + "A" * 43 + "=\n"]
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.of(Note(text, (Signature("log", bytes(4), b"s"),)))


@pytest.mark.parametrize(
    ("grown", "run_ended", "seconds", "expected"),
    [
        (False, False, None, Occasion.HEARTBEAT),
        (False, False, 5, None),
        (False, False, 86_399, None),
        (False, False, 86_400, Occasion.HEARTBEAT),
        (True, False, None, Occasion.BUSY),
        (True, False, 9, None),
        (True, False, 10, Occasion.BUSY),
        (True, False, -1, Occasion.BUSY),
        (True, True, 0, Occasion.RUN_ENDED),
    ],
)
def test_a_checkpoint_is_signed_when_it_is_due(
    grown: bool, run_ended: bool, seconds: int | None, expected: Occasion | None
) -> None:
    since = None if seconds is None else timedelta(seconds=seconds)
    assert occasion(grown=grown, run_ended=run_ended, since=since) is expected
