"""What a witness decides, against one that remembers every leaf; and how it reads what it is sent."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.checkpoints import Checkpoint
from syncd.core.merkle import EMPTY_ROOT
from syncd.core.notes import COSIGNATURE, Note, NoteError, Signature, cosignature_value, cosigned_message
from syncd.core.witnessing import (
    LARGEST,
    MOST_HASHES,
    NEVER,
    Seen,
    Submission,
    SubmissionError,
    Verdict,
    cosignature_in,
    judge,
    refused,
    trusted,
)
from syncd.signing import SigningKey, is_signed
from tests.support.logs import ORIGIN, SampleLog, naive_proof, naive_root, numbered

SIZE = 24
LOG = SampleLog.named(ORIGIN)
WITNESS = SigningKey.new("witness.example/w1", COSIGNATURE)
EXAMPLE = """\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u2014 example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""  # noqa: E501 -- the specification's own lines

# ------------------------------------------------------------------ what is decided

histories = st.lists(st.integers(0, SIZE), min_size=2, max_size=3).map(
    lambda forks: [numbered(SIZE), *(numbered(SIZE)[:at] + numbered(SIZE - at, f"fork{at}") for at in forks)]
)


@st.composite
def asked(draw: st.DrawFn, leaves: list[list[bytes]], known: int) -> tuple[Submission, list[bytes]]:
    """A submission, honest or not, and the leaves of its checkpoint."""
    size = draw(st.integers(0, SIZE))
    new = draw(st.sampled_from(leaves))[:size]
    old = draw(st.one_of(st.just(min(known, size)), st.integers(0, SIZE)))
    proof = list(naive_proof(old, draw(st.sampled_from([new, *(one[:size] for one in leaves)]))) if old <= size else ())
    harm = draw(st.sampled_from(["none", "none", "none", "short", "long", "twisted"]))
    if harm == "short":
        proof = proof[:-1]
    elif harm == "long":
        proof.append(draw(st.sampled_from([EMPTY_ROOT, naive_root(new)])))
    elif harm == "twisted":
        proof.reverse()
    note = Note(Checkpoint(ORIGIN, size, naive_root(new)).text, (Signature("x", b"1234", b"5"),))
    return Submission.of(old, proof, note), new


@given(histories, st.data())
def test_a_witness_cosigns_what_one_that_remembers_every_leaf_does(
    leaves: list[list[bytes]], data: st.DataObject
) -> None:
    seen, remembered, cosigned = NEVER, list[bytes](), []
    for _ in range(12):
        submission, new = data.draw(asked(leaves, len(remembered)))
        is_right = (
            submission.old == len(remembered)
            and new[: len(remembered)] == remembered
            and submission.proof == naive_proof(submission.old, new)
        )
        verdict, seen = judge(seen, submission)
        assert (verdict is Verdict.COSIGNED) == is_right, (verdict, submission.old, len(new))
        remembered = new if is_right else remembered
        assert seen == Seen(len(remembered), naive_root(remembered))
        cosigned += [new] if is_right else []
    # Whatever it was asked: of any two that it cosigned, one is the beginning of the other.
    assert all(later[: len(earlier)] == earlier for earlier, later in pairwise(cosigned))


@pytest.mark.parametrize(
    ("old", "size", "fork", "verdict"),
    [
        (10, 10, 10, Verdict.COSIGNED),
        (10, 20, 10, Verdict.COSIGNED),
        (0, 20, 10, Verdict.STALE),
        (9, 20, 10, Verdict.STALE),
        (10, 10, 5, Verdict.CONTRADICTED),
        (10, 20, 5, Verdict.UNPROVEN),
    ],
)
def test_a_log_goes_on_from_what_was_cosigned_or_not_at_all(old: int, size: int, fork: int, verdict: Verdict) -> None:
    _, seen = judge(NEVER, LOG.submission(0, 10))
    answer, after = judge(seen, LOG.forked(fork).submission(old, size))
    assert answer is verdict
    assert (after == seen) == (verdict is not Verdict.COSIGNED or size == 10)


def test_a_log_without_entries_has_the_root_of_an_empty_tree() -> None:
    note = Note(Checkpoint(ORIGIN, 0, bytes(32)).text, LOG.note(0).signatures)
    assert judge(NEVER, Submission.of(0, (), note)) == (Verdict.CONTRADICTED, NEVER)
    assert judge(NEVER, LOG.submission(0, 0)) == (Verdict.COSIGNED, NEVER)


# ------------------------------------------------------------------ who may ask


def test_only_a_log_that_was_named_is_looked_at_and_only_when_its_key_signed() -> None:
    logs, other = trusted([LOG.signing.key]), SigningKey.new(ORIGIN)
    honest = LOG.submission(0, 5)
    assert refused(honest, logs, is_signed) is None
    assert refused(honest, {}, is_signed) is Verdict.UNKNOWN_LOG
    assert refused(replace(honest, note=LOG.note(5, other)), logs, is_signed) is Verdict.UNSIGNED
    assert refused(replace(honest, note=LOG.note(5, other, LOG.signing)), logs, is_signed) is None
    broken = Note(honest.note.text, (replace(honest.note.signatures[0], value=bytes(64)),))
    assert refused(replace(honest, note=broken), logs, is_signed) is Verdict.UNSIGNED
    assert refused(replace(honest, old=6), logs, is_signed) is Verdict.MALFORMED


def test_a_log_may_change_its_key_and_go_on_in_an_epoch_that_is_named() -> None:
    later = SigningKey.new(ORIGIN)
    epoch = f"{ORIGIN}/epoch-2"
    logs = trusted([LOG.signing.key, later.key], [epoch])
    assert logs == dict.fromkeys([ORIGIN, epoch], (LOG.signing.key, later.key))
    second = SampleLog(epoch, LOG.leaves, later).submission(0, 5)
    assert refused(second, logs, is_signed) is None
    assert refused(second, trusted([LOG.signing.key, later.key]), is_signed) is Verdict.UNKNOWN_LOG


@pytest.mark.parametrize("epoch", [ORIGIN, f"{ORIGIN}/epoch-1", f"{ORIGIN}/epoch-02", "example.com/other/epoch-2", ""])
def test_an_epoch_is_one_of_a_log_that_is_named(epoch: str) -> None:
    with pytest.raises(ValueError, match="is no epoch of a log"):
        trusted([LOG.signing.key], [epoch])


def test_an_epoch_of_one_log_is_never_the_name_of_another() -> None:
    other = SigningKey.new(f"{ORIGIN}/epoch-2")
    with pytest.raises(ValueError, match="is no epoch of a log"):
        trusted([LOG.signing.key, other.key], [f"{ORIGIN}/epoch-2"])


def test_a_witness_s_key_is_no_log_s() -> None:
    with pytest.raises(ValueError, match="signs no log"):
        trusted([WITNESS.key])


# ------------------------------------------------------------------ how it is read


def test_the_example_of_the_specification_is_read() -> None:
    submission = Submission.parse(EXAMPLE.encode())
    assert (submission.old, len(submission.proof), submission.checkpoint.size) == (20_852_014, 4, 20_852_163)
    assert len(submission.note.signatures) == 2
    assert str(submission) == EXAMPLE


@given(st.integers(0, LARGEST), st.lists(st.binary(min_size=32, max_size=32), max_size=63), st.integers(0, 40))
def test_what_is_written_is_read_as_it_was(old: int, proof: list[bytes], size: int) -> None:
    submission = Submission.of(old, proof, LOG.note(size))
    assert Submission.parse(str(submission).encode()) == submission


GOOD = LOG.body(10, 20).decode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"old 0\n\n",
        GOOD.replace("old 10", "old 010").encode(),
        GOOD.replace("old 10", "old -1").encode(),
        GOOD.replace("old 10", "old  10").encode(),
        GOOD.replace("old 10", "old \u0661").encode(),
        GOOD.replace("old 10", f"old {10**19}").encode(),
        GOOD.replace("old 10\n", "").encode(),
        GOOD.replace("old 10\n", "old 10\nAAAA\n").encode(),
        GOOD.replace("old 10\n", "old 10\n!\n").encode(),
        GOOD.replace("old 10\n", f"old 10\n{'A' * 42}B=\n").encode(),
        GOOD.replace("old 10\n", "old 10\n" + f"{'A' * 43}=\n" * MOST_HASHES).encode(),
        GOOD.replace("\n20\n", f"\n{LARGEST + 1}\n").encode(),
        GOOD.replace("\n20\n", f"\n{'9' * 5000}\n").encode(),
        GOOD.replace("\n20\n", "\n+20\n").encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD[:-1].encode(),
        (GOOD + GOOD.splitlines(keepends=True)[-1] * 64).encode(),
    ],
)
def test_what_is_no_submission_is_refused_with_the_reason(body: bytes) -> None:
    with pytest.raises(SubmissionError, match=r"\w"):
        Submission.parse(body)


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_nothing_that_is_sent_breaks_the_reading(body: bytes) -> None:
    for whole in (body, b"old 0\n\n" + body, body + GOOD.encode()):
        try:
            Submission.parse(whole)
        except SubmissionError as error:
            assert str(error)  # noqa: PT017 -- most of it is refused, and some may be one


# ------------------------------------------------------------------ what is believed of an answer


def test_the_cosignature_of_the_witness_is_found_among_others() -> None:
    note, other = LOG.note(5), SigningKey.new("witness.example/w2", COSIGNATURE)
    mine = WITNESS.cosign(note.text, 1_800_000_000)
    answer = f"{other.cosign(note.text, 1)}{mine}"
    assert cosignature_in(answer, note, WITNESS.key, is_signed) == mine
    assert note.with_signature(mine).signed_by([LOG.signing.key, WITNESS.key], is_signed) == (
        LOG.signing.key,
        WITNESS.key,
    )


def test_what_is_no_cosignature_of_the_witness_on_this_checkpoint_is_not_believed() -> None:
    note = LOG.note(5)
    late = LARGEST + 1
    value = cosignature_value(late, WITNESS.sign(cosigned_message(note.text, late)))
    for answer in (
        "",
        "ok\n",
        str(WITNESS.cosign(LOG.note(6).text, 1)),
        str(SigningKey.new(WITNESS.key.name, COSIGNATURE).cosign(note.text, 1)),
        str(WITNESS.cosign(note.text, 1)).rstrip("\n"),
        str(Signature(WITNESS.key.name, WITNESS.key.key_id, value)),
        str(Signature(WITNESS.key.name, WITNESS.key.key_id, b"short")),
        str(note.signatures[0]),
    ):
        with pytest.raises(NoteError):
            cosignature_in(answer, note, WITNESS.key, is_signed)
    with pytest.raises(NoteError):
        cosignature_in(str(note.signatures[0]), note, LOG.signing.key, is_signed)
