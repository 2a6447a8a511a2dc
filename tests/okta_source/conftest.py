"""An org on loopback, a source that reads it, and time that passes when somebody waits for it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from syncd.okta_source.settings import OktaSettings
from syncd.okta_source.source import OktaSource, open_source
from tests.okta_source.listing_script import APP_ID, Org
from tests.okta_source.scripted_okta import Script, ScriptedOkta
from tests.support.waiting import Waiting

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
