"""What a witness remembers: written before it is answered, by one at a time, and never guessed."""

import json
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from syncd.core.witnessing import NEVER, Seen, Verdict
from syncd.witness.memory import MemoryFile, MemoryFileError
from tests.support.logs import ORIGIN, SampleLog
from tests.support.witnesses import LocalWitness, local_witness

SEEN = Seen(7, bytes(range(32)))


@pytest.fixture
def memory(tmp_path: Path) -> MemoryFile:
    made = MemoryFile(tmp_path / "witness.json")
    made.begin()
    return made


def grow(seen: Seen) -> tuple[int, Seen]:
    return seen.size, Seen(seen.size + 1, bytes(32))


def test_what_was_seen_is_there_for_the_next_one(memory: MemoryFile, tmp_path: Path) -> None:
    assert memory.exchange(ORIGIN, lambda seen: (seen, SEEN)) == NEVER
    assert MemoryFile(tmp_path / "witness.json").exchange(ORIGIN, lambda seen: (seen, seen)) == SEEN
    assert memory.exchange("example.com/other", lambda seen: (seen, SEEN)) == NEVER
    assert memory.read() == {ORIGIN: SEEN, "example.com/other": SEEN}
    assert stat.S_IMODE((tmp_path / "witness.json").stat().st_mode) == 0o600


def test_nobody_decides_while_another_does(memory: MemoryFile, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        grown = list(pool.map(lambda _: MemoryFile(tmp_path / "witness.json").exchange(ORIGIN, grow), range(100)))
    assert sorted(grown) == list(range(100))
    assert memory.read()[ORIGIN].size == 100


def test_a_memory_is_begun_once(memory: MemoryFile) -> None:
    memory.exchange(ORIGIN, lambda seen: (seen, SEEN))
    with pytest.raises(MemoryFileError, match="never overwritten"):
        memory.begin()
    assert memory.read() == {ORIGIN: SEEN}


def test_a_memory_that_is_not_there_is_not_an_empty_one(tmp_path: Path) -> None:
    lost = MemoryFile(tmp_path / "lost.json")
    for use in (lost.read, lambda: lost.exchange(ORIGIN, grow)):
        with pytest.raises(MemoryFileError, match="would cosign anything"):
            use()
    assert not (tmp_path / "lost.json").exists()
    with pytest.raises(MemoryFileError, match="No such file or directory"):
        MemoryFile(tmp_path / "no" / "folder.json").begin()


def damaged(change: Callable[[dict[str, object]], object]) -> bytes:
    content: dict[str, object] = {"size": 7, "root": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}
    change(content)
    return json.dumps({"format": "syncd-witness/1", "logs": {ORIGIN: content}}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        damaged(lambda _: None)[:-9],
        damaged(lambda _: None).replace(b"witness/1", b"witness/2"),
        damaged(lambda seen: seen.update(size=-1)),
        damaged(lambda seen: seen.update(size=True)),
        damaged(lambda seen: seen.update(size="7")),
        damaged(lambda seen: seen.update(size=7.0)),
        damaged(lambda seen: seen.update(root="AAAA")),
        damaged(lambda seen: seen.update(root="?")),
        damaged(lambda seen: seen.update(root=7)),
        damaged(lambda seen: seen.pop("root")),
        b'{"format": "syncd-witness/1", "logs": []}',
        b'{"format": "syncd-witness/1", "logs": {"x": 7}}',
    ],
)
def test_a_memory_that_cannot_be_read_is_refused_and_left_as_it_is(
    memory: MemoryFile, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "witness.json"
    path.write_bytes(content)
    with pytest.raises(MemoryFileError, match=r"witness\.json: "):
        memory.exchange(ORIGIN, grow)
    assert path.read_bytes() == content


def test_what_a_damaged_file_would_be_whole_is_read(memory: MemoryFile, tmp_path: Path) -> None:
    (tmp_path / "witness.json").write_bytes(damaged(lambda _: None))
    assert memory.read() == {ORIGIN: Seen(7, bytes(32))}


def test_an_answer_whose_outcome_cannot_be_written_is_not_given(memory: MemoryFile, tmp_path: Path) -> None:
    (tmp_path / "witness.json.new").mkdir()
    with pytest.raises(MemoryFileError, match="cannot be written"):
        memory.exchange(ORIGIN, lambda _: (Verdict.COSIGNED, SEEN))
    assert memory.read() == {}


def test_a_witness_that_cannot_write_or_read_cosigns_nothing_and_says_so(tmp_path: Path) -> None:
    log = SampleLog.named(ORIGIN)
    with local_witness(tmp_path, [log.signing.key]) as witness:
        (path,) = tmp_path.glob("*.json")
        block = path.with_name(f"{path.name}.new")
        block.mkdir()
        answer = post(witness, log, 0, 5)
        assert (answer.status_code, witness.memory.read()) == (500, {})
        assert "\u2014" not in answer.text
        block.rmdir()
        assert post(witness, log, 0, 5).status_code == 200
        kept = path.read_bytes()
        path.write_bytes(kept[:20])
        assert post(witness, log, 5, 6).status_code == 500
        path.unlink()
        assert post(witness, log, 0, 6).status_code == 500
        path.write_bytes(kept)
        assert post(witness, log, 5, 6).status_code == 200


def post(witness: LocalWitness, log: SampleLog, old: int, size: int) -> requests.Response:
    return requests.post(f"{witness.url}/add-checkpoint", data=log.body(old, size), timeout=30)
