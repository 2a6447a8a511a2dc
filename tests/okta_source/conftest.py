"""An org on loopback, a source that reads it, and time that passes when somebody waits for it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from syncd.okta_source.client import Patience
from syncd.okta_source.settings import OktaSettings
from syncd.okta_source.source import OktaSource, open_source
from tests.okta_source.listing_script import APP_ID, Org
from tests.okta_source.scripted_okta import Script, ScriptedOkta


@dataclass
class Waiting:
    """Time that stands still until somebody sleeps. `naps` are the seconds slept, `said` what was announced."""

    seconds: float = 1_800_000_000.0
    naps: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.seconds += seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds

    @property
    def patience(self) -> Patience:
        return Patience(self.sleep, lambda: 0.5, self.monotonic)


Serve = Callable[[Script], ScriptedOkta]
OpenSource = Callable[..., OktaSource]


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(ScriptedOkta(script))


@pytest.fixture
def open_okta(waiting: Waiting) -> Iterator[OpenSource]:
    """Open a source at a URL, with an API token unless other settings are given."""
    with ExitStack() as stack:

        def opened(url: str, **settings: Any) -> OktaSource:
            credential = {} if "client_id" in settings else {"api_token": "00secretToken"}
            source = open_source(
                OktaSettings(url, APP_ID, **{**credential, **settings}),
                announce=waiting.said.append,
                clock=waiting,
                patience=waiting.patience,
            )
            stack.callback(source.close)
            return source

        yield opened


@pytest.fixture
def serve_org(serve: Serve, waiting: Waiting) -> Callable[[Org], ScriptedOkta]:
    """Serve an org whose clock is the test's."""

    def served(org: Org) -> ScriptedOkta:
        okta = serve(org.respond)
        org.url, org.now = okta.url, waiting.monotonic
        return okta

    return served
