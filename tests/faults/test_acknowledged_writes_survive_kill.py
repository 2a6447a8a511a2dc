"""A write that was acknowledged is never lost: the server is killed while clients push, and held to their ledger."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from scim.urns import USER
from tests.support.program import Program, free_port

CLIENTS, CYCLES, SECONDS = 4, 3, 1.5


@dataclass
class Ledger:
    """What the clients were told was written: user name -> id. Kept outside of the server."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, user_name: str, resource_id: str) -> None:
        with self.lock:
            self.acknowledged[user_name] = resource_id


def push(base: str, token: str, prefix: str, ledger: Ledger, stop: threading.Event) -> None:
    """Create users one after another until the server is gone; a half answer counts as none."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    number = 0
    while not stop.is_set():
        number += 1
        body = {"schemas": [USER], "userName": f"{prefix}-{number}@example.com", "active": True}
        try:
            answer = session.post(f"{base}/Users", json=body, timeout=10)
            if answer.status_code == requests.codes.created:
                ledger.note(body["userName"], answer.json()["id"])  # type: ignore[arg-type]  # JSON
        except (requests.RequestException, ValueError):
            return


Served = tuple[Callable[[], Program], str, str]


@pytest.fixture
def server(served: Callable[[int], tuple[list[str], str]], tmp_path: Path) -> Iterator[Served]:
    """How to start the program, its SCIM endpoint, and a token."""
    port = free_port()
    arguments, token = served(port)
    programs: list[Program] = []

    def start() -> Program:
        programs.append(Program(*arguments, log=tmp_path / "serve.log"))
        programs[-1].wait_until(f"http://127.0.0.1:{port}/readyz")
        return programs[-1]

    yield start, f"http://127.0.0.1:{port}/scim/v2", token
    for program in programs:
        program.stop()


def test_every_acknowledged_write_is_there_after_kill_nine(server: Served) -> None:
    start, base, token = server
    ledger, headers = Ledger(), {"Authorization": f"Bearer {token}"}
    for cycle in range(CYCLES):
        program, stop = start(), threading.Event()
        clients = [
            threading.Thread(target=push, args=(base, token, f"c{cycle}-{number}", ledger, stop))
            for number in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        time.sleep(SECONDS)
        program.kill()
        stop.set()
        for client in clients:
            client.join(30)
    start()
    assert len(ledger.acknowledged) > CYCLES * CLIENTS
    session = requests.Session()
    for user_name, resource_id in ledger.acknowledged.items():
        found = session.get(f"{base}/Users/{resource_id}", headers=headers, timeout=10)
        assert (found.status_code, found.json().get("userName")) == (requests.codes.ok, user_name)
    total = session.get(f"{base}/Users?count=0", headers=headers, timeout=10).json()["totalResults"]
    # Whatever was in flight at a kill may be there unacknowledged: one per client and kill, at most.
    assert len(ledger.acknowledged) <= total <= len(ledger.acknowledged) + CYCLES * CLIENTS
