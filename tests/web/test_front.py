"""The front takes requests in within its bounds, and tells health however busy the threads are."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from scim.exchange import Limits, ScimResponse
from scim.urns import ERROR
from syncd.web.app import create_app
from syncd.web.front import HEALTH, Bounds, Front
from tests.web.asgi_client import HOST, Exchange, exchange
from tests.web.test_tokens import TOKEN, Noon, tokens

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def show(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer with what arrived."""
    arrived = {name: value for name, value in environ.items() if isinstance(value, str)}
    arrived["body"] = environ["wsgi.input"].read().decode()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(arrived).encode()]


class Gate:
    """A WSGI application that waits until it is let go."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered = threading.Semaphore(0)

    def __call__(self, _: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        self.entered.release()
        assert self.open.wait(10)
        start_response("200 OK", [])
        return [b"done"]

    async def wait_entered(self, count: int) -> None:
        for _ in range(count):
            assert await asyncio.to_thread(self.entered.acquire, timeout=5)


def ask(*chunks: bytes | None, bounds: Bounds | None = None, path: str = "/", **request: Any) -> Exchange:
    return asyncio.run(exchange(Front(show, bounds or Bounds()), path, *chunks, **request))


def assert_scim_error(answer: Exchange, status: int) -> None:
    assert answer.status == status
    assert answer.headers["content-type"] == "application/scim+json"
    body = json.loads(answer.body)
    assert (body["schemas"], body["status"]) == ([ERROR], str(status))


def test_a_request_arrives_as_it_was_sent() -> None:
    headers = [HOST, (b"content-type", b"a/b"), (b"x-one", b"1"), (b"x-one", b"2"), (b"content-length", b"6")]
    arrived = json.loads(ask(b"one", b"two", path="/Us\u00e9r", query=b"a=%20", headers=headers).body)
    assert arrived["body"] == "onetwo"
    assert (arrived["REQUEST_METHOD"], arrived["QUERY_STRING"]) == ("POST", "a=%20")
    assert arrived["PATH_INFO"].encode("latin-1").decode() == "/Us\u00e9r"
    assert (arrived["CONTENT_TYPE"], arrived["CONTENT_LENGTH"], arrived["HTTP_X_ONE"]) == ("a/b", "6", "1,2")
    assert (arrived["wsgi.url_scheme"], arrived["REMOTE_ADDR"]) == ("https", "192.0.2.1")


def test_every_answer_carries_the_security_headers_and_its_length() -> None:
    for answer in (ask(b""), ask(b"", path=HEALTH, method="GET"), ask(b"", headers=[])):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-length"] == str(len(answer.body))


def test_a_sane_request_id_is_passed_on_and_any_other_replaced() -> None:
    answer = ask(b"", headers=[HOST, (b"x-request-id", b"req-1.a")])
    assert answer.headers["x-request-id"] == json.loads(answer.body)["syncd.request_id"] == "req-1.a"
    for wrong in (b"", b"a b", b"a\xff", b"a" * 65):
        assert ask(b"", headers=[HOST, (b"x-request-id", wrong)]).headers["x-request-id"].isalnum()


def test_a_client_cannot_name_the_request_or_the_actor_in_the_environment() -> None:
    arrived = json.loads(ask(b"", headers=[HOST, (b"syncd.request_id", b"x"), (b"script_name", b"/scim")]).body)
    assert arrived["syncd.request_id"] != "x"
    assert arrived["SCRIPT_NAME"] == ""


def test_a_body_of_the_largest_size_is_taken_and_a_larger_one_refused() -> None:
    bounds = Bounds(body_bytes=10)
    assert ask(b"12345", b"67890", bounds=bounds).status == 200
    assert_scim_error(ask(b"12345", b"678901", None, bounds=bounds), 413)


def test_a_body_that_announces_itself_as_too_large_is_refused_unread() -> None:
    length = (b"content-length", b"11")
    assert_scim_error(ask(None, bounds=Bounds(body_bytes=10), headers=[HOST, length]), 413)


def test_a_body_that_takes_too_long_is_refused() -> None:
    assert_scim_error(ask(b"some...", bounds=Bounds(body_deadline=0.05)), 408)


def test_a_client_that_leaves_in_the_middle_of_its_body_costs_no_thread() -> None:
    front = Front(lambda *_: pytest.fail("was called"), Bounds())
    with capture_logs() as logs:
        asyncio.run(exchange(front, "/", b"some...", None))
    assert [line["status"] for line in logs] == [499]


def test_a_request_without_a_host_is_refused() -> None:
    assert_scim_error(ask(b"", headers=[]), 400)


@contextmanager
def busy(threads: int, queue: int, **bounds: float) -> Iterator[tuple[Front, Gate, Callable[[], Any]]]:
    gate = Gate()
    front = Front(gate, Bounds(threads=threads, queue=queue, **bounds))  # type: ignore[arg-type] # seconds only
    try:
        yield front, gate, lambda: exchange(front, "/", b"")
    finally:
        gate.open.set()


def test_more_requests_than_threads_and_queue_hold_are_told_to_come_back() -> None:
    async def scenario() -> None:
        with busy(threads=2, queue=1) as (front, gate, send):
            waiting = [asyncio.create_task(send()) for _ in range(3)]
            await gate.wait_entered(2)
            refused = await send()
            assert_scim_error(refused, 503)
            assert refused.headers["retry-after"] == "1"
            assert (await exchange(front, HEALTH, method="GET")).status == 200
            gate.open.set()
            assert [answer.status for answer in await asyncio.gather(*waiting)] == [200, 200, 200]
            assert (await send()).status == 200

    asyncio.run(scenario())


def test_a_waiting_request_whose_client_left_is_spared_and_frees_its_place() -> None:
    async def scenario() -> None:
        with busy(threads=1, queue=1) as (_, gate, send):
            running = asyncio.create_task(send())
            await gate.wait_entered(1)
            waiting = asyncio.create_task(send())
            await asyncio.sleep(0.05)
            waiting.cancel()
            await asyncio.sleep(0.05)
            another = asyncio.create_task(send())
            await asyncio.sleep(0.05)
            gate.open.set()
            assert [(await task).status for task in (running, another)] == [200, 200]
            assert gate.entered.acquire(timeout=1)
            assert not gate.entered.acquire(timeout=0.05)

    asyncio.run(scenario())


def test_health_is_lost_only_when_every_thread_is_stuck() -> None:
    async def scenario() -> None:
        with busy(threads=2, queue=5, stall_seconds=0.1) as (front, gate, send):
            tasks = [asyncio.create_task(send())]
            await asyncio.sleep(0.2)
            assert (await exchange(front, HEALTH, method="GET")).status == 200
            tasks.append(asyncio.create_task(send()))
            await asyncio.sleep(0.2)
            assert (await exchange(front, HEALTH, method="GET")).status == 503
            gate.open.set()
            await asyncio.gather(*tasks)
            assert (await exchange(front, HEALTH, method="HEAD")).status == 200

    asyncio.run(scenario())


def test_bodies_of_all_requests_together_are_bounded() -> None:
    async def scenario() -> None:
        front = Front(show, Bounds(buffered_bytes=10, body_deadline=0.3))
        first = asyncio.create_task(exchange(front, "/", b"123456..."))
        await asyncio.sleep(0.05)
        assert_scim_error(await exchange(front, "/", b"12"), 503)
        assert_scim_error(await first, 408)
        assert (await exchange(front, "/", b"1234567890")).status == 200

    asyncio.run(scenario())


def test_health_takes_no_other_method() -> None:
    assert ask(b"", path=HEALTH, method="POST").headers["allow"] == "GET, HEAD"


def test_the_access_log_tells_who_asked_and_never_the_query() -> None:
    app = create_app(tokens(), Noon(), lambda *_: ScimResponse(200, b"{}"), Limits(), lambda: None)
    headers = [HOST, (b"authorization", b"Bearer " + TOKEN.encode())]
    query = b"filter=userName%20eq%20%22ada%22"
    with capture_logs() as logs:
        asyncio.run(exchange(Front(app.wsgi_app, Bounds()), "/scim/v2/Users", b"", query=query, headers=headers))
    (line,) = logs
    assert (line["event"], line["path"], line["status"], line["actor"]) == (
        "request",
        "/scim/v2/Users",
        200,
        "token:t1",
    )
    assert "ada" not in str(line)


def test_other_protocols_are_refused() -> None:
    sent = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(Front(show, Bounds())({"type": "websocket"}, None, send))  # type: ignore[arg-type] # never received
    assert sent == [{"type": "websocket.close"}]


@pytest.mark.parametrize("prompt", [True, False])
def test_a_prompt_request_is_answered_on_the_event_loop_and_no_other_is(prompt: bool) -> None:
    threads = []

    def note(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        threads.append(threading.current_thread())
        return show(environ, start_response)

    answer = asyncio.run(exchange(Front(note, Bounds(), lambda _: prompt), "/scim/v2/Users/1", b""))
    assert answer.status == 200
    assert (threads == [threading.current_thread()]) is prompt
