"""Event hooks of the simulated org: verified once, then posted to, more than once and in no order."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import pytest

from syncd.simulator import OktaError, SimulatedOrg
from tests.simulator.conftest import Api

SECRET = "a-secret-of-the-hook"


@dataclass
class Endpoint:
    """Notes what is posted and answers with `statuses` in turn, then with 204."""

    verifies: bool = True
    statuses: list[int] = field(default_factory=list)
    sleeps: float = 0.0
    bodies: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def listening(endpoint: Endpoint) -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            challenge = self.headers["x-okta-verification-challenge"]
            self._answer(200, orjson.dumps({"verification": challenge if endpoint.verifies else "no"}))

        def do_POST(self) -> None:
            endpoint.bodies.append(orjson.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            endpoint.headers.append(dict(self.headers))
            time.sleep(endpoint.sleeps)
            self._answer(endpoint.statuses.pop(0) if endpoint.statuses else 204, b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's signature
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}/okta/events"
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with listening(Endpoint()) as one:
        yield one


def test_an_endpoint_that_does_not_answer_the_challenge_is_refused(org: SimulatedOrg, endpoint: Endpoint) -> None:
    endpoint.verifies = False
    for url in (endpoint.url, "http://127.0.0.1:9/nobody"):
        with pytest.raises(OktaError):
            org.register_event_hook(url, SECRET)
    org.create_user("ada@x.org", "Ada", "L")
    assert endpoint.bodies == []


def test_events_arrive_with_the_secret_each_at_least_once(org: SimulatedOrg, api: Api, endpoint: Endpoint) -> None:
    org.register_event_hook(endpoint.url, SECRET)
    for number in range(8):
        org.create_user(f"p{number}@x.org", "P", "Q")
    org.hook_deliveries()
    assert {header["Authorization"] for header in endpoint.headers} == {SECRET}
    posted = [event["uuid"] for body in endpoint.bodies for event in body["data"]["events"]]
    written = [row["uuid"] for row in api.get("/api/v1/logs?since=2026-11-23T00:00:00Z")]
    assert set(posted) == set(written)
    assert len(posted) > len(written)
    assert {body["eventType"] for body in endpoint.bodies} == {"com.okta.event_hook"}
    assert len({body["eventId"] for body in endpoint.bodies}) == len(written)


def test_only_the_types_that_were_asked_for_arrive(org: SimulatedOrg, api: Api, endpoint: Endpoint) -> None:
    body = {"url": endpoint.url, "authorization": SECRET, "eventTypes": ["user.lifecycle.activate"]}
    assert api("POST", "/simulator/event-hooks", body).status_code == 201
    org.create_user("ada@x.org", "Ada", "L")
    assert {one.event_type for one in org.hook_deliveries()} == {"user.lifecycle.activate"}
    assert api.get("/simulator/event-hooks")[0]["status"] == 204
    assert api("POST", "/simulator/event-hooks", {"url": 1}).status_code == 400


def test_a_server_error_is_tried_once_more_and_a_refusal_is_not(org: SimulatedOrg, endpoint: Endpoint) -> None:
    org.register_event_hook(endpoint.url, SECRET, ["user.lifecycle.create"])
    endpoint.statuses = [500, 503, 401]
    org.create_user("ada@x.org", "Ada", "L")
    org.hook_deliveries()
    org.create_user("bob@x.org", "Bob", "B")
    assert [one.status for one in org.hook_deliveries()] == [500, 503, 401]
