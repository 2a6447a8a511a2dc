"""Nothing of a pack can be changed: no byte by anybody, and nothing that the log proves by who has the key."""

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.core.notes import COSIGNATURE, Note, VerifierKey
from syncd.evidence import Pack, PackError, Verified, verify
from syncd.evidence.archive import read, write
from syncd.evidence.manifest import MANIFEST, SIGNATURE, File, pretty, signed_text
from syncd.signing import SigningKey, is_signed
from syncd.workflows.seal_audit import rotate
from tests.evidence.made import Month
from tests.workflows.sealing import ORIGIN

Packed = tuple[Month, Pack]


def checked(made: Month, content: bytes, *witnesses: VerifierKey) -> Verified:
    return verify(content, made.key.key, witnesses, is_signed)


def forged(made: Month, pack: Pack, change: Callable[[dict[str, bytes]], None], **told_instead: object) -> bytes:
    """Return the pack with other files, signed anew by who has the key."""
    files = read(pack.content)
    change(files)
    told = json.loads(files.pop(MANIFEST)) | told_instead
    files.pop(SIGNATURE)
    told["files"] = [File(name, content, "").as_json() for name, content in sorted(files.items())]
    manifest = pretty(told)
    note = Note(signed_text(manifest), (made.key.sign_note(signed_text(manifest)),))
    return write({MANIFEST: manifest, SIGNATURE: str(note).encode(), **dict(sorted(files.items()))})


# ------------------------------------------------------------------ no byte is free


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_byte_can_be_changed(packed: Packed, data: st.DataObject) -> None:
    made, pack = packed
    at = data.draw(st.integers(0, len(pack.content) - 1), "at")
    other = data.draw(st.integers(1, 255), "difference") ^ pack.content[at]
    with pytest.raises(PackError):
        checked(made, pack.content[:at] + bytes([other]) + pack.content[at + 1 :])


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_byte_of_a_file_can_be_changed_by_who_makes_the_zip_anew(packed: Packed, data: st.DataObject) -> None:
    made, pack = packed
    files = read(pack.content)
    name = data.draw(st.sampled_from(sorted(files)), "file")
    if not files[name]:
        return
    changed = bytearray(files[name])
    changed[data.draw(st.integers(0, len(changed) - 1), "at")] ^= data.draw(st.integers(1, 255), "difference")
    with pytest.raises(PackError) as raised:
        checked(made, write({**files, name: bytes(changed)}))
    assert raised.value.file in {name, MANIFEST, SIGNATURE}


def test_no_character_of_the_signature_can_be_changed(packed: Packed) -> None:
    made, pack = packed
    files = read(pack.content)
    signature = files[SIGNATURE]
    for at in range(len(signature)):
        for sign in b"Aa0/+= \n":
            changed = signature[:at] + bytes([sign]) + signature[at + 1 :]
            if changed != signature:
                with pytest.raises(PackError):
                    checked(made, write({**files, SIGNATURE: changed}))
    for more in (signature.splitlines(keepends=True)[-1], str(made.key.sign_note("other")).encode(), b"\n"):
        with pytest.raises(PackError):
            checked(made, write({**files, SIGNATURE: signature + more}))


def test_no_file_can_be_put_in_taken_out_or_put_elsewhere(packed: Packed) -> None:
    made, pack = packed
    files = read(pack.content)
    with pytest.raises(PackError, match=r"more\.csv: the manifest does not list it"):
        checked(made, write({**files, "more.csv": b""}))
    with pytest.raises(PackError, match=r"sample\.csv: the manifest lists it, and it is not there"):
        checked(made, write({name: one for name, one in files.items() if name != "sample.csv"}))
    for name in (MANIFEST, SIGNATURE):
        with pytest.raises(PackError, match="no evidence pack"):
            checked(made, write({one: content for one, content in files.items() if one != name}))


def test_none_of_the_bytes_that_are_no_content_can_be_changed(packed: Packed) -> None:
    made, pack = packed
    files = read(pack.content)
    content = pack.content
    structure = set(range(len(content)))
    for name, one in files.items():
        begin = content.index(one, content.index(name.encode()) + len(name)) if one else 0
        if name != SIGNATURE:
            structure -= set(range(begin, begin + len(one)))
    assert len(structure) > 1000
    for at in sorted(structure):
        changed = bytearray(content)
        changed[at] ^= 1 << at % 8
        with pytest.raises(PackError):
            checked(made, bytes(changed))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_can_be_taken_out_put_in_or_added(packed: Packed, data: st.DataObject) -> None:
    made, pack = packed
    at = data.draw(st.integers(0, len(pack.content)), "at")
    length = data.draw(st.integers(0, 40), "length")
    between = data.draw(st.binary(max_size=40), "between")
    changed = pack.content[:at] + between + pack.content[at + length :]
    if changed != pack.content:
        with pytest.raises(PackError):
            checked(made, changed)


def test_the_file_that_was_changed_is_named(packed: Packed) -> None:
    made, pack = packed
    for name, one in read(pack.content).items():
        at = pack.content.index(one)
        changed = bytearray(pack.content)
        changed[at + len(one) // 2] ^= 1
        with pytest.raises(PackError) as raised:
            checked(made, bytes(changed))
        assert raised.value.file in ({MANIFEST, SIGNATURE} if name in {MANIFEST, SIGNATURE} else {name})


def test_the_same_files_in_another_zip_are_not_the_pack(packed: Packed) -> None:
    made, pack = packed
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        again = io.BytesIO()
        with zipfile.ZipFile(again, "w", method) as other:
            for name, one in read(pack.content).items():
                other.writestr(name, one)
        with pytest.raises(PackError, match="packed"):
            checked(made, again.getvalue())


# ------------------------------------------------------------------ who has the key cannot write anything either


def replaced(name: str, old: str, new: str) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        assert old.encode() in files[name]
        files[name] = files[name].replace(old.encode(), new.encode(), 1)

    return change


def renamed(name: str, other: str) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        files[other] = files.pop(name)

    return change


def without_last_line(name: str) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        files[name] = b"".join(files[name].splitlines(keepends=True)[:-1])

    return change


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("records.ndjson", replaced("records.ndjson", "token:4f1c2a", "operator:me")),
        ("records.ndjson", replaced("records.ndjson", "bob@example.com", "eve@example.com")),
        ("records.ndjson", without_last_line("records.ndjson")),
        ("population.csv", without_last_line("population.csv")),
        ("population.csv", replaced("population.csv", "2026-03-01T12:", "2026-03-01T11:")),
        ("population.csv", replaced("population.csv", "uuid-6\r\n", "uuid-7\r\n")),
        ("okta_events.ndjson", without_last_line("okta_events.ndjson")),
        ("okta_events.ndjson", replaced("okta_events.ndjson", "other-people", "no-movement")),
        ("sample.csv", without_last_line("sample.csv")),
        ("checkpoints.ndjson", without_last_line("checkpoints.ndjson")),
        ("proofs/000000000003.tlog-proof", renamed("proofs/000000000003.tlog-proof", "proofs/000000000009.tlog-proof")),
        ("checkpoint.txt", replaced("checkpoint.txt", ORIGIN, "example.com/other")),
    ],
    ids=[
        "entry",
        "person",
        "entry left out",
        "row left out",
        "time",
        "other event",
        "event",
        "place",
        "sample",
        "checkpoint",
        "proof",
        "log",
    ],
)
def test_a_manifest_that_is_signed_does_not_make_what_contradicts_itself_true(
    packed: Packed, file: str, change: Callable[[dict[str, bytes]], None]
) -> None:
    made, pack = packed
    checked(made, forged(made, pack, lambda _: None))
    with pytest.raises(PackError) as raised:
        checked(made, forged(made, pack, change))
    assert raised.value.file in {file, file.replace("3", "9"), "population.csv"}


def test_records_of_another_application_are_refused(packed: Packed) -> None:
    made, pack = packed
    with pytest.raises(PackError, match=r"records\.ndjson: entry 0 is of another application"):
        checked(made, forged(made, pack, lambda _: None, app="other"))


def test_a_checkpoint_that_the_log_did_not_grow_from_is_refused(made: Month) -> None:
    made.join("dan@example.com", "00udan")
    made.seal()
    pack = made.pack()
    first, *_ = [json.loads(line) for line in read(pack.content)["checkpoints.ndjson"].splitlines()]
    assert len(first["path"]) > 0
    node = first["path"][0]
    with pytest.raises(PackError, match="is not the beginning of the log"):
        checked(made, forged(made, pack, replaced("checkpoints.ndjson", node, "A" * 43 + "=")))


def test_what_is_signed_and_makes_no_sense_is_refused_in_words(packed: Packed) -> None:
    made, pack = packed
    for name in ("records.ndjson", "checkpoints.ndjson", "population.csv", "sample.csv", "okta_events.ndjson"):
        for content in (b"\xff\n", b"[]\n", b"{}\n", b'a,"b\n', b"nothing\n1\n"):

            def change(files: dict[str, bytes], name: str = name, content: bytes = content) -> None:
                files[name] = content

            with pytest.raises(PackError):
                checked(made, forged(made, pack, change))


# ------------------------------------------------------------------ keys


def test_another_key_and_a_key_of_a_witness_are_refused(packed: Packed) -> None:
    _, pack = packed
    for key in (SigningKey.new(ORIGIN), SigningKey.new(ORIGIN, COSIGNATURE), SigningKey.new("example.com/other")):
        with pytest.raises(PackError) as raised:
            verify(pack.content, key.key, (), is_signed)
        assert raised.value.file == SIGNATURE


def test_a_witness_has_to_have_signed_where_it_is_asked_for(made: Month) -> None:
    witness = SigningKey.new("witness.example", COSIGNATURE)
    with pytest.raises(PackError, match=r"checkpoint\.txt: the witness witness\.example did not sign"):
        checked(made, made.pack().content, witness.key)
    with made.database.audit_log.reading_log() as reader:
        newest = reader.newest_checkpoint()
    assert newest is not None
    text = Note.parse(newest.note).text
    line = str(witness.cosign(text, 1_772_000_000))
    made.database.audit_log.keep_cosignature(newest.size, "witness.example", line)
    assert checked(made, made.pack().content, witness.key).witnesses == ("witness.example",)


def test_checkpoints_of_the_key_before_are_proved_by_the_log_that_grew_from_them(made: Month) -> None:
    successor = SigningKey.new(ORIGIN)
    rotate(made.log.notary, made.log.token, successor)
    made.log.with_key(successor)
    made.join("dan@example.com", "00udan")
    made.seal()
    found = checked(made, made.pack().content)
    assert found.older_keys == 1
    assert found.manifest["counts"]["matched"] == 6
    assert b"log:key-rotated" in read(made.pack().content)["decisions.csv"]


def test_a_key_that_is_not_the_log_s_makes_a_pack_that_does_not_hold(made: Month) -> None:
    stranger = SigningKey.new(ORIGIN)
    made.log.with_key(stranger)
    with pytest.raises(PackError, match=r"checkpoint\.txt: the key of example\.com/syncd did not sign it"):
        verify(made.pack().content, stranger.key, (), is_signed)
