from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from syncd.simulator import SimulatedOrg, Style
from tests.simulator.scim_recorder import TOKEN, ScimRecorder, listen

APP_ID = "0oarehearsal00000001"
API_TOKEN = "00rehearsal-api-token"


@dataclass
class SetClock:
    """A clock that stands until it is moved."""

    moment: datetime = datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass
class Api:
    """The Management API of an org, called as an administrator's script would."""

    org: SimulatedOrg
    session: requests.Session

    def __call__(self, method: str, path: str, json: Any = None, **options: Any) -> requests.Response:
        headers = {"Authorization": f"SSWS {API_TOKEN}", **options.pop("headers", {})}
        return self.session.request(method, self.org.url + path, json=json, headers=headers, timeout=10, **options)

    def get(self, path: str) -> Any:
        answer = self("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def assignments(self) -> dict[str, Any]:
        return {row["id"]: row for row in self.get(f"/api/v1/apps/{APP_ID}/users?limit=500")}


StartOrg = Callable[..., SimulatedOrg]


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def scim() -> Iterator[ScimRecorder]:
    recorder = ScimRecorder()
    server, thread = listen(recorder)
    yield recorder
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def start(scim: ScimRecorder, clock: SetClock) -> Iterator[StartOrg]:
    with ExitStack() as running:

        def start_org(style: Style = Style.OIN) -> SimulatedOrg:
            return running.enter_context(
                SimulatedOrg.start(
                    scim_url=scim.url,
                    scim_token=TOKEN,
                    style=style,
                    api_token=API_TOKEN,
                    app_id=APP_ID,
                    seed=7,
                    clock=clock,
                    longest_wait_seconds=0.01,
                )
            )

        yield start_org


@pytest.fixture
def org(start: StartOrg) -> SimulatedOrg:
    return start()


@pytest.fixture
def api(org: SimulatedOrg) -> Iterator[Api]:
    with requests.Session() as session:
        session.trust_env = False
        yield Api(org, session)
