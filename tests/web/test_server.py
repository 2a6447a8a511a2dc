"""The real gunicorn in a process of its own: start, readiness, slow clients, draining, reload."""

import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.web.serving import Served, read_all, serving, start, status_of, wait_until

CROWD = 200
POST_AND_CLOSE = b"POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving({"silence": 2, "bounds": {"threads": 2, "body_bytes": 1000, "body_deadline": 1.5}}) as server:
        yield server


@pytest.mark.parametrize(
    "sends",
    [
        pytest.param((), id="nothing"),
        pytest.param((b"GET /echo HTTP/1.1\r\nHo", b"st: x\r\nX-", b"A: b"), id="half a head"),
        pytest.param((b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n", b"a", b"b"), id="half a body"),
    ],
)
def test_a_crowd_of_slow_clients_does_not_keep_others_waiting(served: Served, sends: tuple[bytes, ...]) -> None:
    with ExitStack() as stack:
        crowd = [stack.enter_context(served.connect()) for _ in range(CROWD)]
        for part in (*sends, b"", b""):
            for client in crowd:
                client.sendall(part)
            assert served.get("/healthz", timeout=2) == (200, b"ok\n")
            assert served.get("/echo", timeout=2) == (200, b"nothing")
            time.sleep(0.05)


@pytest.mark.parametrize("sent", [b"", b"GET /echo HTTP/1.1\r\nHost: x\r\n"])
def test_a_client_that_never_sends_a_head_is_let_go(served: Served, sent: bytes) -> None:
    with served.connect(timeout=6) as client:
        client.sendall(sent)
        assert read_all(client) == b""


def test_a_body_that_never_ends_is_answered_with_408(served: Served) -> None:
    raw = served.ask(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
    assert status_of(raw) == 408
    assert b"application/scim+json" in raw


CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "framed",
    [
        pytest.param(b"Content-Length: 1500\r\n\r\n" + b"a" * 1500, id="length"),
        pytest.param(CHUNKED + b"5DC\r\n" + b"a" * 1500 + b"\r\n0\r\n\r\n", id="chunked"),
    ],
)
def test_a_body_that_is_too_large_is_answered_with_413_however_it_is_framed(served: Served, framed: bytes) -> None:
    raw = served.ask(POST_AND_CLOSE + framed)
    assert status_of(raw) == 413
    assert b"application/scim+json" in raw


def test_a_chunked_body_arrives_whole(served: Served) -> None:
    raw = served.ask(POST_AND_CLOSE + CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert raw.endswith(b"\r\n\r\nabcde")


def test_a_client_that_asks_before_sending_its_body_is_told_to_go_on(served: Served) -> None:
    with served.connect() as client:
        client.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"abc")
        assert status_of(client.recv(1000)) == 200


def test_a_head_request_gets_the_head_of_the_answer(served: Served) -> None:
    raw = served.ask(b"HEAD /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert status_of(raw) == 200
    assert b"content-length: 7" in raw
    assert raw.endswith(b"\r\n\r\n")


def test_a_connection_serves_one_request_after_another(served: Served) -> None:
    with served.connect() as client:
        for _ in range(3):
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"ok" in client.recv(1000)


def test_health_is_told_while_every_thread_is_busy(served: Served) -> None:
    with ThreadPoolExecutor(3) as clients:
        slow = [clients.submit(served.get, "/slow/1.0") for _ in range(3)]
        time.sleep(0.2)
        began = time.monotonic()
        assert served.get("/healthz") == (200, b"ok\n")
        assert time.monotonic() - began < 0.5
        assert [task.result() for task in slow] == [(200, b"done")] * 3


def test_a_request_in_flight_is_answered_when_the_server_is_told_to_stop() -> None:
    with serving({"silence": 1}) as server, ThreadPoolExecutor(1) as client, server.connect() as silent:
        slow = client.submit(server.get, "/slow/1.5", 15.0)
        time.sleep(0.2)
        assert server.stop() == 0
        assert slow.result() == (200, b"done")
        assert read_all(silent) == b""
        assert server.process.stdout is not None
        assert server.process.stdout.read().count("served\n") == 1


@pytest.fixture
def notifications(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(10)
        yield channel


def test_systemd_is_told_ready_when_it_answers_then_signs_of_life_then_stopping(
    tmp_path: Path, notifications: socket.socket
) -> None:
    with serving(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="1500000") as server:
        ready = notifications.recv(1000).decode()
        assert ready == f"READY=1\nSTATUS=answering at {server.url}"
        assert server.get("/healthz") == (200, b"ok\n")
        began = time.monotonic()
        assert notifications.recv(1000) == b"WATCHDOG=1"
        assert time.monotonic() - began < 1.5
        server.process.send_signal(signal.SIGTERM)
        while (message := notifications.recv(1000)) == b"WATCHDOG=1":
            pass
        assert message == b"STOPPING=1"


def test_systemd_gets_no_sign_of_life_from_a_server_that_is_stuck(tmp_path: Path, notifications: socket.socket) -> None:
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1500000"}
    with serving({"bounds": {"threads": 1, "stall_seconds": 0.1}}, **environ) as server:
        assert notifications.recv(1000).startswith(b"READY=1")
        with server.connect() as client:
            client.sendall(b"GET /slow/3.0 HTTP/1.1\r\nHost: x\r\n\r\n")
            wait_until(lambda: server.get("/healthz")[0] == 503)
            notifications.setblocking(False)
            while True:
                try:
                    notifications.recv(1000)
                except BlockingIOError:
                    break
            notifications.settimeout(1.5)
            with pytest.raises(TimeoutError):
                notifications.recv(1000)


def test_systemd_is_not_told_ready_by_a_server_that_cannot_load(tmp_path: Path, notifications: socket.socket) -> None:
    process = start({"broken": True}, NOTIFY_SOCKET=str(tmp_path / "notify"))
    assert process.wait(20) == 1
    assert process.stdout is not None
    process.stdout.close()
    notifications.setblocking(False)
    assert notifications.recv(1000) == b"STOPPING=1"
    with pytest.raises(BlockingIOError):
        notifications.recv(1000)


def test_a_killed_worker_is_replaced_and_a_hangup_renews_them() -> None:
    with serving() as server:
        first = int(server.get("/pid")[1])
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: answering_pid(server) not in {0, first})
        second = answering_pid(server)
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: answering_pid(server) not in {0, second})


def test_connections_that_are_kept_are_shared_among_the_processes() -> None:
    with serving({"workers": 2}) as server, ExitStack() as stack:
        pids = [kept_connection(stack, server) for _ in range(10)]
    shares = sorted(Counter(pids).values())
    assert len(shares) == 2, shares
    assert shares[0] >= 3, "one process has nearly all of the work"


def kept_connection(stack: ExitStack, server: Served) -> int:
    """Open a connection that stays open as long as the stack, and return who answers on it."""
    client = stack.enter_context(server.connect())
    client.sendall(b"GET /pid HTTP/1.1\r\nHost: x\r\n\r\n")
    return int(client.recv(65_536).rpartition(b"\r\n")[2])


def answering_pid(server: Served) -> int:
    try:
        return int(server.get("/pid")[1] or 0)
    except OSError:
        return 0


def test_a_port_that_is_taken_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        process = start({"port": other.getsockname()[1]})
        output, _ = process.communicate(timeout=20)
    assert (process.returncode, "Address already in use" in output) == (1, True)


def test_a_socket_that_systemd_opened_is_served(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "scim.sock"))
        listener.listen()
        with serving({"activated": listener.fileno()}) as server:
            assert server.url == f"unix:{tmp_path / 'scim.sock'}"
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(tmp_path / "scim.sock"))
                client.sendall(b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                assert read_all(client).endswith(b"nothing")
            assert server.stop() == 0
        assert (tmp_path / "scim.sock").exists()
