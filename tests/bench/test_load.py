"""The closed loop: what it counts, and when it ends."""

import asyncio
import time
from collections.abc import Callable

from bench.checks import Check
from bench.load import MOST_WRONG, Bounds, Step, run
from bench.samples import TIMED_OUT, Sample
from bench.wire import Connection
from tests.bench.served import Answering, served

GET = b"GET /scim/v2/x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
PATIENT = Bounds(seconds=10, patience=5)


def sample_of(answering: Answering, check: Check, steps: int, bounds: Bounds = PATIENT) -> Sample:
    async def load(port: int) -> Sample:
        connections = [Connection(port) for _ in range(4)]
        try:
            return await run(connections, [Step(GET, check)] * steps, bounds)
        finally:
            for connection in connections:
                connection.close()

    with served(answering) as server:
        return asyncio.run(load(server.port))


def always(status: int, body: bytes = b"{}") -> Answering:
    return lambda *_: (status, body)


def says(text: str | None) -> Callable[[object], str | None]:
    return lambda _: text


def test_every_step_is_taken_once() -> None:
    sample = sample_of(always(200), says(None), 50)
    assert (len(sample.seconds), sample.wrong.total()) == (50, 0)
    assert sample.is_right


def test_a_wrong_answer_is_counted_and_gives_no_time() -> None:
    sample = sample_of(always(200), says("another name"), 10)
    assert sample.wrong == {"another name": 10}
    assert not sample.seconds
    assert sample.rate == 0


def test_a_run_of_wrong_answers_is_given_up() -> None:
    sample = sample_of(always(200), says("another name"), 1000)
    assert MOST_WRONG < sample.wrong.total() < MOST_WRONG + 8


def test_a_run_ends_when_its_time_is_up() -> None:
    def slow(*_: object) -> tuple[int, bytes]:
        time.sleep(0.02)
        return 200, b"{}"

    sample = sample_of(slow, says(None), 100_000, Bounds(seconds=0.2, patience=5))
    assert 4 <= len(sample.seconds) < 200


def test_a_run_ends_with_the_first_answer_that_takes_too_long() -> None:
    def silent(*_: object) -> tuple[int, bytes]:
        time.sleep(0.5)
        return 200, b"{}"

    sample = sample_of(silent, says(None), 100, Bounds(seconds=10, patience=0.05))
    assert sample.wrong == {TIMED_OUT: 4}
