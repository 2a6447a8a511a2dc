"""The log: one line per event, a fixed name with keys and values, UTC, and no secret in it.

Lines are redacted after they are rendered, because a secret can hide anywhere before that: in a value, in the text of
an exception, in what a library logs. Libraries' lines take the same way as ours.
"""

import json
import logging
import re
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, NamedTuple, Protocol, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor

REDACTED: Final = "[redacted]"

_QUOTE: Final = r"(?:\\*['\"])?"
"""A quotation mark, perhaps escaped by the renderer."""

_NAMES: Final = "password|passwd|secret|api_?token|private_?key|client_assertion"
"""What a value is called that nobody should see."""


class _Rule(NamedTuple):
    """What to take out. `words` or `hint` is what a text must hold for the pattern to be worth its time."""

    pattern: re.Pattern[str]
    replacement: str
    words: tuple[str, ...] = ()
    hint: re.Pattern[str] | None = None

    def may_apply(self, lower: str) -> bool:
        """Return False where the pattern cannot match an ASCII text that is this in lower case."""
        if self.words:
            return any(word in lower for word in self.words)
        return self.hint is None or self.hint.search(lower) is not None


_RULES: Final = (
    _Rule(re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s\\:,-]*"), REDACTED),
    _Rule(
        re.compile(rf"(?i)\b(authorization{_QUOTE}\s*[:=]\s*{_QUOTE})[^'\"\r\n,}}]+"),
        rf"\1{REDACTED}",
        ("authorization",),
    ),
    _Rule(
        re.compile(r"(?i)\b(bearer|ssws|dpop|basic)\s+[A-Za-z0-9._~+/=-]{8,}"),
        rf"\1 {REDACTED}",
        ("bearer", "ssws", "dpop", "basic"),
    ),
    _Rule(re.compile(r"syncd_[A-Za-z0-9_-]{16,}"), REDACTED),
    _Rule(re.compile(r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}"), REDACTED),
    _Rule(
        re.compile(r"(?i)\b(postgres[a-z0-9+]{0,20}://[^\s/:@'\"]{0,200}):[^\s@'\"]{1,200}@"),
        rf"\1:{REDACTED}@",
        ("://",),
    ),
    _Rule(
        re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}://[^\s/:@'\"]{0,200}):[^\s/@'\"]+@"), rf"\1:{REDACTED}@", ("://",)
    ),
    _Rule(
        re.compile(rf"(\b(?:d|p|q|dp|dq|qi|k){_QUOTE}\s*:\s*{_QUOTE})[A-Za-z0-9_-]{{32,}}"),
        rf"\1{REDACTED}",
        hint=re.compile(rf":\s*{_QUOTE}[a-z0-9_-]{{32}}"),
    ),
    _Rule(
        re.compile(rf"(?i)\b((?:{_NAMES}){_QUOTE}\s*[=:]\s*{_QUOTE})[^\s'\"\\&,;}}]+"),
        rf"\1{REDACTED}",
        ("password", "passwd", "secret", "api_token", "apitoken", "private", "client_assertion"),
    ),
)
_SHORT_SECRET: Final = 6
"""Anything shorter is found only as a word of its own: it would be part of innocent ones."""

_FLOORS: Final = {
    "okta-sdk-python": logging.INFO,  # at DEBUG it logs request headers, the credential among them
    "aiohttp": logging.WARNING,
    "alembic": logging.WARNING,
    "apscheduler": logging.WARNING,
    "asyncio": logging.WARNING,
    "gunicorn": logging.INFO,
    "sqlalchemy": logging.WARNING,
    "urllib3": logging.WARNING,
    "werkzeug": logging.WARNING,
}
"""Below these levels libraries log bodies, parameters and headers, which are people's data."""

_CONTROL: Final = {code: ascii(chr(code))[1:-1] for code in (*range(32), 127, *range(0x80, 0xA0), 0x2028, 0x2029)}


class Redactor:
    """Takes out of a text what looks like a credential, and every line of the given secrets, escaped or not."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        lines = {line for secret in secrets for line in secret.splitlines() if line.strip()}
        forms = {form for line in lines for form in (line, json.dumps(line)[1:-1], repr(line)[1:-1])}
        self._long = sorted((form for form in forms if len(form) >= _SHORT_SECRET), key=len, reverse=True)
        short = (rf"(?<!\w){re.escape(form)}(?!\w)" for form in forms if len(form) < _SHORT_SECRET)
        self._short = [re.compile(pattern) for pattern in short]

    def __call__(self, text: str) -> str:
        """Return the text without them."""
        for secret in self._long:
            text = text.replace(secret, REDACTED)
        for pattern in self._short:
            text = pattern.sub(REDACTED, text)
        # Beyond ASCII some letters match others whatever their case; such a text is rare, and looked at in full.
        lower = text.lower() if text.isascii() else None
        for rule in _RULES:
            if lower is None or rule.may_apply(lower):
                text = rule.pattern.sub(rule.replacement, text)
        return text


_STAMP: Final = structlog.processors.TimeStamper(fmt="iso", utc=True)


def configure_logging(level: str, form: str, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Send every log line of this process to `stream`, standard error by default.

    `level` is debug, info, warning or error; `form` is plain, json, or auto: plain on a terminal, else json. May be
    called again, with what the configuration says.
    """
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _STAMP,
    ]
    plain = form == "plain" or (form == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    formatter = _Redacting(_renderers(stream) if plain else _JSON, shared, Redactor(secrets))
    formatter.writes_json = not plain
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    _set_floors(root.level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


class _Redacting(structlog.stdlib.ProcessorFormatter):
    writes_json = False

    def __init__(self, renderers: Iterable[Processor], shared: list[Processor], redact: Redactor) -> None:
        super().__init__(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
            foreign_pre_chain=shared,
        )
        self.redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self.redact(super().format(record))


class Crowd:
    """Log events of one name that come in crowds. In JSON they are rendered, redacted and written together.

    A line of its own costs more than most requests do. Not for threads.
    """

    def __init__(self, logger: str, event: str) -> None:
        self._logger = logger
        self._fixed = {"event": event, "level": "info", "logger": logger}
        self._waiting: list[EventDict] = []

    def add(self, **fields: str | float | None) -> bool:
        """Log an event. Returns True when it waits for `flush`."""
        if _json_handler() is None:
            structlog.get_logger(self._logger).info(self._fixed["event"], **fields)
            return False
        if logging.getLogger(self._logger).isEnabledFor(logging.INFO):
            self._waiting.append(_STAMP(None, "info", {**fields, **self._fixed}))
        return bool(self._waiting)

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting = self._waiting, []
        handler = _json_handler()
        if handler is None or not waiting:
            return
        options = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
        lines = b"".join(orjson.dumps(event, option=options) for event in waiting)
        with handler.lock or nullcontext():
            handler.stream.write(handler.formatter.redact(lines.decode()))
            handler.stream.flush()


class _JsonHandler(Protocol):
    lock: AbstractContextManager[object] | None
    stream: TextIO
    formatter: _Redacting


def _json_handler() -> _JsonHandler | None:
    """Return the handler of `configure_logging` where it writes JSON."""
    handlers: list[Any] = logging.getLogger().handlers
    formatter = handlers[0].formatter if len(handlers) == 1 else None
    return handlers[0] if isinstance(formatter, _Redacting) and formatter.writes_json else None


class _Floor(logging.Filter):
    """Holds a logger to its floor, whatever level its library sets later."""

    def __init__(self, floor: int) -> None:
        super().__init__()
        self._floor = floor

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= self._floor


def _set_floors(level: int) -> None:
    for name, floor in _FLOORS.items():
        logger = logging.getLogger(name)
        logger.setLevel(max(level, floor))
        logger.filters = [_Floor(floor)]


def _keep_to_one_line(_: object, __: str, event: EventDict) -> EventDict:
    """Escape control characters, so that nothing a client sends begins a line of its own. JSON does so by itself."""
    return {key: value.translate(_CONTROL) if isinstance(value, str) else value for key, value in event.items()}


_JSON: Final[tuple[Processor, ...]] = (
    structlog.processors.format_exc_info,
    structlog.processors.JSONRenderer(sort_keys=True, default=str),
)


def _renderers(stream: TextIO) -> tuple[Processor, ...]:
    """Return the renderer for people. The one for tracebacks that structlog takes by itself shows local variables."""
    formatter = structlog.dev.plain_traceback
    return (
        _keep_to_one_line,
        structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=formatter),
    )
