"""The HTTP client of the load generator."""

import asyncio
import threading

import pytest

from bench.wire import Answer, Connection
from tests.bench.served import Answering, served

GET = b"GET /scim/v2/x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def exchanges(port: int, *requests: bytes, patience: float = 5) -> list[Answer]:
    async def together() -> list[Answer]:
        connection = Connection(port)
        try:
            return [await connection.exchange(request, patience) for request in requests]
        finally:
            connection.close()

    return asyncio.run(together())


def answering(status: int, body: bytes) -> Answering:
    return lambda *_: (status, body)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_arrives_whole_however_it_is_framed(chunked: bool) -> None:
    body = bytes(range(256)) * 400
    with served(answering(200, body), chunked=chunked) as server:
        assert exchanges(server.port, GET, GET) == [Answer(200, body)] * 2


def test_an_answer_without_a_body_ends_with_its_head() -> None:
    with served(answering(204, b"")) as server:
        assert exchanges(server.port, GET, GET) == [Answer(204, b"")] * 2


def test_a_connection_that_the_server_closes_is_opened_again() -> None:
    with served(answering(200, b"yes"), kept=False) as server:
        assert exchanges(server.port, GET, GET, GET) == [Answer(200, b"yes")] * 3


def test_nobody_listening_is_an_error_and_no_answer() -> None:
    with served(answering(200, b"yes")) as server:
        port = server.port
    with pytest.raises(OSError, match="Connect"):
        exchanges(port, GET)


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_one() -> None:
    released, asked = threading.Event(), iter([b"late", b"in time"])

    def answer(*_: object) -> tuple[int, bytes]:
        mine = next(asked)
        if mine == b"late":
            released.wait(10)
        return 200, mine

    async def both(port: int) -> Answer:
        connection = Connection(port)
        with pytest.raises(TimeoutError):
            await connection.exchange(GET, 0.05)
        released.set()
        try:
            return await connection.exchange(GET, 5)
        finally:
            connection.close()

    with served(answer) as server:
        assert asyncio.run(both(server.port)) == Answer(200, b"in time")
