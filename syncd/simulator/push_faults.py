"""What each fault does to a push. A fault strikes the first request that writes; `lost` strikes the very first one."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from typing import Final

from syncd.simulator.faults import PushFault
from syncd.simulator.scim_client import Json, PushFailedError, ScimAnswer, Send

_HTML: Final = b"<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
_RATE_LIMITED: Final = ScimAnswer(429, b"", {"retry-after": "1"})


def struck_by(fault: PushFault | None, send: Send) -> Send:
    """Return a `send` that misbehaves as the fault says; without a fault, `send` itself."""
    if fault is None:
        return send
    if fault is PushFault.LOST:
        return _lost
    attempts = count(1)

    def struck(method: str, path: str, body: Json | None) -> ScimAnswer:
        if method == "GET":
            return send(method, path, body)
        return _EFFECTS[fault](lambda: send(method, path, body), next(attempts))

    return struck


def _lost(_method: str, _path: str, _body: Json | None) -> ScimAnswer:
    raise PushFailedError("No answer from the remote server: the request was lost on the way")


Forward = Callable[[], ScimAnswer]


def _answer_lost(forward: Forward, _attempt: int) -> ScimAnswer:
    forward()
    raise PushFailedError("No answer from the remote server: the answer was lost on the way")


def _server_error(_forward: Forward, _attempt: int) -> ScimAnswer:
    return ScimAnswer(500, b'{"detail":"Internal Server Error","status":"500"}')


def _bad_gateway(_forward: Forward, _attempt: int) -> ScimAnswer:
    return ScimAnswer(502, _HTML, {"content-type": "text/html"})


def _empty_body(forward: Forward, _attempt: int) -> ScimAnswer:
    return replace(forward(), body=b"")


def _truncated(forward: Forward, _attempt: int) -> ScimAnswer:
    answer = forward()
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def _rate_limited_once(forward: Forward, attempt: int) -> ScimAnswer:
    return _RATE_LIMITED if attempt == 1 else forward()


def _rate_limited(_forward: Forward, _attempt: int) -> ScimAnswer:
    return _RATE_LIMITED


_EFFECTS: Final[Mapping[PushFault, Callable[[Forward, int], ScimAnswer]]] = {
    PushFault.ANSWER_LOST: _answer_lost,
    PushFault.SERVER_ERROR: _server_error,
    PushFault.BAD_GATEWAY_HTML: _bad_gateway,
    PushFault.EMPTY_BODY: _empty_body,
    PushFault.TRUNCATED_JSON: _truncated,
    PushFault.RATE_LIMITED: _rate_limited_once,
    PushFault.RATE_LIMITED_FOREVER: _rate_limited,
}
