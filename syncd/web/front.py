"""The ASGI application that stands between the network and the WSGI one.

It takes a request in on the event loop, where a slow client costs a buffer and no thread, within a size and a deadline;
only a complete request gets a thread, or an answer at once. It answers liveness itself, so that health is told however
busy the threads are.
"""

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from syncd.telemetry import Crowd
from syncd.web.answer import Answer, error_answer
from syncd.web.work_pool import PoolFullError, WorkPool
from syncd.web.wsgi_bridge import ACTOR, REQUEST_ID, call, environ_of, give_body

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

IsPrompt = Callable[["WSGIEnvironment"], bool]
"""Returns whether the application answers a request within a fraction of a millisecond, without waiting for anybody."""

HEALTH: Final = "/healthz"

_SECURITY_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_LINGER_SECONDS: Final = 2.0
_LOGGED_PATH: Final = 200
_LOG_DELAY_SECONDS: Final = 0.1
_WITHOUT_LENGTH: Final = frozenset({204, 304})
"""A 204 has none (RFC 9110 section 8.6), and that of a 304 would be another answer's."""

_NOBODY_WAITS: Final = Answer(499)
"""Not sent, because the client has left; nginx's number for it in the log."""


def no_request(_environ: "WSGIEnvironment") -> bool:
    """Return that a request is not to be answered on the event loop."""
    return False


@dataclass(frozen=True, slots=True)
class Bounds:
    """What clients may cost: bytes and seconds of a body, threads, requests that wait for one.

    `buffered_bytes` is for the bodies of all requests together. `stall_seconds` is after how long with every thread at
    the same piece of work the process no longer counts as alive.
    """

    body_bytes: int = 1_048_576
    body_deadline: float = 10.0
    threads: int = 8
    queue: int = 200
    buffered_bytes: int = 67_108_864
    stall_seconds: float = 60.0


class _Refused(Exception):
    """The request ends here."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class _ClientGone(Exception):
    """Nobody waits for an answer any more."""


class Front:
    """ASGI 3 application around a WSGI one."""

    def __init__(self, application: "WSGIApplication", bounds: Bounds, is_prompt: IsPrompt = no_request) -> None:
        """Take the application. What `is_prompt` tells of is called on the event loop, and may not wait there."""
        self._application = application
        self._is_prompt = is_prompt
        self._bounds = bounds
        self._pool = WorkPool(bounds.threads, bounds.queue)
        self._buffered = 0
        self._log = Crowd("syncd.web", "request")
        self._log_due = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope: a request, the life of the process, or the refusal of anything else."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close"})

    async def _live(self, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        self._pool.close()
        self._log.flush()
        await send({"type": f"{message['type']}.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.monotonic()
        headers = dict(scope["headers"])
        request_id = _request_id(headers.get(b"x-request-id"))
        if scope["path"] == HEALTH:
            await _send(send, self._health(scope["method"]), request_id)
            return
        environ = environ_of(scope, request_id)
        try:
            _check_head(scope, headers, self._bounds)
            has_body = b"content-length" in headers or b"transfer-encoding" in headers
            answer = await (self._exchange(environ, receive) if has_body else self._work(environ))
        except _Refused as refused:
            answer = refused.answer
        except _ClientGone:
            answer = _NOBODY_WAITS
        await _send(send, answer, request_id)
        self._log_access(environ, answer, time.monotonic() - started)
        if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            await _discard(receive)

    async def _exchange(self, environ: "WSGIEnvironment", receive: Receive) -> Answer:
        """Take the body in and have the request answered. The body counts against the budget until then."""
        body = bytearray()
        try:
            await self._fill(body, receive)
            give_body(environ, body)
            return await self._work(environ)
        finally:
            self._buffered -= len(body)

    async def _work(self, environ: "WSGIEnvironment") -> Answer:
        """Have a complete request answered: on a thread, unless the way to one would cost more than the answer."""
        if self._is_prompt(environ):
            return call(self._application, environ)
        try:
            return await self._pool.run(partial(call, self._application, environ))
        except PoolFullError:
            raise _Refused(_busy()) from None

    async def _fill(self, body: bytearray, receive: Receive) -> None:
        """Receive the body. Raises `_Refused` when it is too large or too slow, `_ClientGone` when it breaks off."""
        try:
            async with asyncio.timeout(self._bounds.body_deadline):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _ClientGone
                    chunk = message.get("body", b"")
                    body += chunk
                    self._buffered += len(chunk)
                    self._check_size(len(body))
                    more = message.get("more_body", False)
        except TimeoutError:
            raise _Refused(error_answer(408, "The body took too long to arrive")) from None

    def _check_size(self, size: int) -> None:
        if size > self._bounds.body_bytes:
            raise _Refused(_too_large(self._bounds))
        if self._buffered > self._bounds.buffered_bytes:
            raise _Refused(_busy())

    def _health(self, method: str) -> Answer:
        if method not in {"GET", "HEAD"}:
            return error_answer(405, "Ask with GET", ("Allow", "GET, HEAD"))
        if self._pool.stalled(self._bounds.stall_seconds):
            return Answer(503, b"stalled\n", (("Content-Type", "text/plain"),))
        return Answer(200, b"ok\n", (("Content-Type", "text/plain"),))

    def _log_access(self, environ: "WSGIEnvironment", answer: Answer, seconds: float) -> None:
        """Log a request without its query: a filter holds names and addresses of people."""
        waits = self._log.add(
            method=environ["REQUEST_METHOD"],
            path=environ["PATH_INFO"][:_LOGGED_PATH],
            status=answer.status,
            milliseconds=round(seconds * 1000, 1),
            request_id=environ[REQUEST_ID],
            actor=environ.get(ACTOR),
        )
        if waits and not self._log_due:
            self._log_due = True
            asyncio.get_running_loop().call_later(_LOG_DELAY_SECONDS, self._flush_log)

    def _flush_log(self) -> None:
        self._log_due = False
        self._log.flush()


def _check_head(scope: Scope, headers: Mapping[bytes, bytes], bounds: Bounds) -> None:
    """Refuse a request whose head is reason enough. gunicorn has seen to its framing."""
    if scope["http_version"] == "1.1" and not headers.get(b"host"):
        raise _Refused(error_answer(400, "Send a Host header"))
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > bounds.body_bytes:
        raise _Refused(_too_large(bounds))


def _too_large(bounds: Bounds) -> Answer:
    return error_answer(413, f"The body is larger than {bounds.body_bytes} bytes")


def _busy() -> Answer:
    return error_answer(503, "Too busy, please come back; nothing was changed", ("Retry-After", "1"))


def _request_id(sent: bytes | None) -> str:
    """Return the id that the client or a proxy gave, where it is harmless, else a new one."""
    return sent.decode("ascii") if sent and _REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)


async def _send(send: Send, answer: Answer, request_id: str) -> None:
    own = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    named = {name for name, _ in own}
    if b"content-length" not in named and answer.status not in _WITHOUT_LENGTH:
        own.append((b"content-length", str(len(answer.body)).encode()))
    added = [*_SECURITY_HEADERS, (b"x-request-id", request_id.encode())]
    headers = own + [(name, value) for name, value in added if name not in named]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _discard(receive: Receive) -> None:
    """Read on for a moment, so that a client in the middle of its body gets to see the answer before the end."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_SECONDS):
            while (await receive()).get("more_body"):
                pass
