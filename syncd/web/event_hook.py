"""Where Okta's event hook calls: it wakes whoever follows the System Log, and does nothing else.

A hook is delivered more than once, late, in no order or never, and is not signed. So nothing it says is believed, or
even read; that somebody who knows the secret called is reason enough to look into the log a little earlier.
Source: developer.okta.com, event hooks: a GET to verify the endpoint, then POSTs that want an answer within 3 seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

import orjson
from flask import Flask, Response, request

from syncd.web.answer import Answer, error_answer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

PATH: Final = "/okta/events"
LONGEST_CHALLENGE: Final = 1024

_CHALLENGE: Final = "x-okta-verification-challenge"
_JSON: Final = ("Content-Type", "application/json")


@dataclass(frozen=True, slots=True)
class EventHook:
    """What Okta has to send in `Authorization`, and what to do then: it may not wait, and raises nothing."""

    secret: str = field(repr=False)
    ring: Callable[[], None]


def add_event_hook(app: Flask, hook: EventHook) -> None:
    """Let the application answer Okta's calls at `PATH`. Whoever lacks the secret wakes nobody."""
    expected = sha256(hook.secret.encode()).digest()

    @app.get(PATH)
    def verify() -> Response:
        """Give back the challenge. It is Okta's one question before it knows the endpoint, and opens nothing."""
        challenge = request.headers.get(_CHALLENGE, "")
        if not (0 < len(challenge) <= LONGEST_CHALLENGE and challenge.isascii() and challenge.isprintable()):
            return _response(error_answer(400, f"Okta asks here, with a challenge in {_CHALLENGE}"))
        return _response(Answer(200, orjson.dumps({"verification": challenge}), (_JSON,)))

    @app.post(PATH)
    def wake() -> Response:
        presented = request.environ.get("HTTP_AUTHORIZATION", "").encode("latin-1")
        if not compare_digest(sha256(presented).digest(), expected):
            return _response(error_answer(401, "Send the secret of this event hook in the Authorization header"))
        hook.ring()
        return _response(Answer(204))


def is_call(environ: "WSGIEnvironment") -> bool:
    """Return whether a request is for the hook: its answer waits for nothing, so no thread has to be free for it."""
    path: str = environ["PATH_INFO"]
    return path == PATH


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, list(answer.headers))
