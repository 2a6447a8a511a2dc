"""The witness as it is run: every answer of the protocol, races, clients that say nothing, and what survives a kill."""

import itertools
import random
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from syncd.core.notes import VerifierKey
from syncd.core.witnessing import Seen, cosignature_in
from syncd.signing import SigningKey, is_signed
from syncd.witness.app import MAXIMUM_BODY, PATH
from syncd.witness.memory import MemoryFile
from tests.support.logs import SampleLog
from tests.support.program import free_port
from tests.support.witnesses import WitnessProgram

LOGS = [SampleLog.named(f"example.com/log-{number}") for number in range(20)]
EPOCH = f"{LOGS[0].origin}/epoch-2"
KILLS, MOST = 5, 1500


@pytest.fixture(scope="module")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WitnessProgram]:
    made = WitnessProgram(tmp_path_factory.mktemp("witness"), [log.signing.key for log in LOGS], [EPOCH]).installed()
    program = made.start()
    yield made
    assert program.stop() == 0


unused = itertools.count()


@pytest.fixture
def log() -> SampleLog:
    """A log that the witness knows and of which it has seen nothing."""
    return LOGS[next(unused)]


def told(answer: requests.Response) -> tuple[int, str, str]:
    return answer.status_code, answer.headers["Content-Type"], answer.text


def is_cosigned(answer: requests.Response, log: SampleLog, size: int, key: VerifierKey) -> bool:
    """Raises where the answer is a success without a cosignature."""
    if answer.status_code != requests.codes.ok:
        return False
    return bool(cosignature_in(answer.content.decode(), log.note(size), key, is_signed))


def test_a_checkpoint_that_goes_on_from_the_last_is_cosigned_as_of_now(witness: WitnessProgram, log: SampleLog) -> None:
    for old, size in [(0, 10), (10, 25), (25, 25), (25, 40)]:
        answer = witness.post(log.body(old, size))
        assert is_cosigned(answer, log, size, witness.signing.key), answer.text
        line = cosignature_in(answer.content.decode(), log.note(size), witness.signing.key, is_signed)
        assert abs(int.from_bytes(line.value[:8]) - time.time()) < 60
        assert MemoryFile(witness.state).read()[log.origin].size == size


def test_what_is_no_submission_is_400(witness: WitnessProgram, log: SampleLog) -> None:
    assert witness.post(b"old 0\n").status_code == 400
    assert witness.post(log.body(5, 10).replace(b"old 5\n", b"old 11\n")).status_code == 400
    assert log.origin not in MemoryFile(witness.state).read()


def test_a_log_or_an_epoch_that_was_not_named_is_404(witness: WitnessProgram) -> None:
    key = LOGS[0].signing
    assert witness.post(SampleLog.named("example.com/nobody").body(0, 5)).status_code == 404
    assert witness.post(SampleLog(f"{LOGS[0].origin}/epoch-3", signing=key).body(0, 5)).status_code == 404
    assert witness.post(SampleLog(EPOCH, signing=key).body(0, 5)).status_code == 200


def test_a_checkpoint_that_no_trusted_key_signed_is_403(witness: WitnessProgram, log: SampleLog) -> None:
    forged = SampleLog(log.origin, log.leaves, SigningKey.new(log.origin))
    assert witness.post(forged.body(0, 5)).status_code == 403


def test_another_size_than_the_last_is_409_with_the_last(witness: WitnessProgram, log: SampleLog) -> None:
    witness.post(log.body(0, 10))
    for old, size in [(0, 20), (5, 20), (15, 20), (0, 5)]:
        assert told(witness.post(log.body(old, size))) == (409, "text/x.tlog.size", "10\n")


def test_another_root_of_the_same_size_is_409_and_is_logged(witness: WitnessProgram, log: SampleLog) -> None:
    witness.post(log.body(0, 10))
    forked = log.forked(5)
    assert told(witness.post(forked.body(10, 10))) == (409, "text/x.tlog.size", "10\n")
    assert "a log does not go on from what was cosigned" in (witness.folder / "witness.log").read_text()
    assert MemoryFile(witness.state).read()[log.origin].root == log.submission(0, 10).checkpoint.root


def test_a_proof_that_does_not_hold_is_422(witness: WitnessProgram, log: SampleLog) -> None:
    witness.post(log.body(0, 10))
    for body in (log.forked(5).body(10, 20), log.body(10, 20).replace(log.body(10, 20).splitlines()[1] + b"\n", b"")):
        assert witness.post(body).status_code == 422
    assert is_cosigned(witness.post(log.body(10, 20)), log, 20, witness.signing.key)


def test_there_is_nothing_else_here(witness: WitnessProgram) -> None:
    got = requests.get(f"{witness.url}{PATH}", timeout=30)
    assert (got.status_code, got.headers["Allow"]) == (405, "POST")
    assert requests.post(f"{witness.url}/other", timeout=30).status_code == 404
    assert witness.post(b"x" * (MAXIMUM_BODY + 1)).status_code == 413


def test_clients_that_say_half_of_it_keep_nobody_waiting(witness: WitnessProgram, log: SampleLog) -> None:
    halves = (b"", b"POST /add-check", b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nold 0")
    slow = [socket.create_connection(("127.0.0.1", witness.port)) for _ in range(60)]
    try:
        for number, connection in enumerate(slow):
            connection.sendall(halves[number % 3])
        assert is_cosigned(witness.post(log.body(0, 5)), log, 5, witness.signing.key)
        slow[0].settimeout(30)
        assert slow[0].recv(1) == b""  # it was closed
    finally:
        for connection in slow:
            connection.close()


def test_of_requests_that_race_from_the_same_size_one_is_cosigned(witness: WitnessProgram, log: SampleLog) -> None:
    """The race of the specification: the smaller one must not be written over the larger one."""
    known = 0
    with ThreadPoolExecutor(6) as pool:
        while known < 34:
            sizes = [known + 1 + number for number in range(6)]
            random.shuffle(sizes)
            start = known
            answers = list(pool.map(lambda size, old=start: (size, witness.post(log.body(old, size))), sizes))
            (winner,) = [size for size, answer in answers if is_cosigned(answer, log, size, witness.signing.key)]
            assert {answer.status_code for _, answer in answers} == {200, 409}
            assert MemoryFile(witness.state).read()[log.origin].size == winner
            known = winner


def test_two_programs_with_one_memory_are_one_witness(witness: WitnessProgram, log: SampleLog) -> None:
    second = replace(witness, port=free_port())
    program = second.start()
    try:
        with ThreadPoolExecutor(2) as pool:
            for known in range(30):
                posts = [pool.submit(one.post, log.body(known, known + 1)) for one in (witness, second)]
                assert sorted(post.result().status_code for post in posts) == [200, 409]
    finally:
        program.stop()


def test_what_was_answered_is_remembered_however_often_it_is_killed(tmp_path: Path) -> None:
    log = SampleLog.named("example.com/killed", size=MOST)
    made = WitnessProgram(tmp_path, [log.signing.key]).installed()
    answered = [0]
    for kill in range(KILLS):
        program, stopped = made.start(), threading.Event()
        thread = threading.Thread(target=keep_asking, args=(made, log, answered, stopped))
        thread.start()
        time.sleep(0.2 + 0.11 * kill)
        program.kill()
        stopped.set()
        thread.join()
        assert MemoryFile(made.state).read().get(log.origin, Seen()).size >= answered[-1]
    program = made.start()
    try:
        size = int(made.post(log.body(0, MOST)).text)
        assert answered[-1] <= size
        assert KILLS < len(answered) < MOST - 1
        assert is_cosigned(made.post(log.body(size, MOST)), log, MOST, made.signing.key)
    finally:
        program.stop()


def keep_asking(made: WitnessProgram, log: SampleLog, answered: list[int], stopped: threading.Event) -> None:
    """Have one entry more cosigned each time, from what the witness says that it has."""
    known = answered[-1]
    while not stopped.is_set() and known < MOST - 1:
        try:
            answer = made.post(log.body(known, known + 1))
        except requests.RequestException:
            continue
        if answer.status_code == requests.codes.conflict:
            known = int(answer.text)
            assert known >= answered[-1], "it forgot what it had answered"
        elif is_cosigned(answer, log, known + 1, made.signing.key):
            known += 1
            answered.append(known)
