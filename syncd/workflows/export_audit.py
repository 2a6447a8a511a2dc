"""Export the audit log: an entry a line, in order, from which the chain can be made again."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from syncd.core.audit_log import PERSONAL
from syncd.ports.audit import AuditLog, LogEntry

_AT_ONCE: Final = 1000
_RESERVED: Final = frozenset({PERSONAL})
_PERSONAL_OF_OLD: Final = frozenset({"detail", "subject_name"})


@dataclass(frozen=True, slots=True)
class Selection:
    """Which entries are exported, and with what.

    Of entries of other applications than `app` only number, leaf and link of the chain are. `since` and `until` bound
    the moments (`until` itself is out): the export begins with the first entry within and ends with the last; what is
    between and not within is bare too. `start` is the number to begin with.
    """

    app: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    start: int = 0
    with_personal: bool = True


EVERYTHING: Final = Selection()


def export(log: AuditLog, selection: Selection = EVERYTHING) -> Iterator[dict[str, Any]]:
    """Yield the entries as JSON, in order. Each thousand is read by itself: the log only grows meanwhile."""
    with log.reading_log() as reader:
        size = reader.head().size
    began, gap = False, selection.start
    for entry in _read(log, selection.start, size):
        if not _is_within(entry, selection):
            continue
        if began:
            yield from (_bare(one) for one in _read(log, gap, entry.seq))
        began, gap = True, entry.seq + 1
        yield _line(entry, selection)


def _read(log: AuditLog, start: int, end: int) -> Iterator[LogEntry]:
    for first in range(start, end, _AT_ONCE):
        with log.reading_log() as reader:
            entries = list(reader.entries(first, min(end, first + _AT_ONCE)))
        yield from entries


def _is_within(entry: LogEntry, selection: Selection) -> bool:
    """Return whether an entry is of the time that is asked for. One that does not say when is: it is not hidden."""
    if selection.since is None and selection.until is None:
        return True
    at = _moment(_object(entry.body))
    if at is None:
        return True
    return (selection.since is None or at >= selection.since) and (selection.until is None or at < selection.until)


def _bare(entry: LogEntry) -> dict[str, Any]:
    return {"seq": entry.seq, "leaf": entry.leaf.hex(), "chain": entry.chain.hex()}


def _line(entry: LogEntry, selection: Selection) -> dict[str, Any]:
    # An entry whose event is missing has no application either: it is shown, so that somebody sees that.
    if selection.app is not None and entry.app not in {selection.app, None}:
        return _bare(entry)
    event, shown = _object(entry.body) or {}, selection.with_personal
    told = _object(entry.personal) or {} if shown else {}
    hidden = _RESERVED if shown else _RESERVED | _PERSONAL_OF_OLD
    # An event of before there was a personal part has everything in its body.
    is_whole = shown or entry.event_pk is None or PERSONAL in event
    return _bare(entry) | {
        "app": entry.app,
        "event_pk": entry.event_pk,
        "event": {name: value for name, value in {**event, **told}.items() if name not in hidden},
        "body": _base64(entry.body) if is_whole else None,
        "salt": _base64(entry.salt) if shown else None,
        "personal": _base64(entry.personal) if shown else None,
        "erased": PERSONAL in event and entry.personal is None,
    }


def _moment(event: dict[str, Any] | None) -> datetime | None:
    try:
        at = datetime.fromisoformat((event or {})["at"])
    except (KeyError, TypeError, ValueError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _object(content: bytes | None) -> dict[str, Any] | None:
    """Return what canonical bytes say, None where they say nothing that can be read."""
    try:
        value = json.loads(content or b"null")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _base64(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()
