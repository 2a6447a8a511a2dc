"""A System Log that somebody exported: one event a line, as Okta's API has it."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from syncd.core.movements import concerns
from syncd.core.okta_events import LogEvent
from syncd.okta_source.log_rows import read_event
from syncd.okta_source.rows import RowError
from syncd.workflows.read_log import ReadLog

LONGEST_LINE: Final = 1_048_576


class LogFileError(Exception):
    """An exported log that cannot be read to its end; the message names the line. None of it counts."""


def read_log_file(path: Path, okta_app_id: str) -> ReadLog:
    """Return the events of a file that concern an application. Raises `LogFileError`.

    Whether the file has all events of a period, nothing in it tells.
    """
    digest = hashlib.sha256()
    events: dict[str, LogEvent] = {}
    oldest = datetime.max.replace(tzinfo=UTC)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE + 1), b""), 1):
                digest.update(line)
                event = _event(path, number, line)
                if event is None:
                    continue
                oldest = min(oldest, event.published)
                if concerns(event, okta_app_id):
                    events[event.uuid] = event
    except OSError as error:
        raise LogFileError(f"{path}: it cannot be read: {error}") from error
    where = (
        f"as far as the exported log {path.name} is, with the SHA-256 {digest.hexdigest()}; that it has every event of "
        "the period is the word of whoever exported it"
    )
    return ReadLog(tuple(events.values()), where, oldest)


def _event(path: Path, number: int, line: bytes) -> LogEvent | None:
    if not line.strip():
        return None
    if len(line) > LONGEST_LINE:
        raise LogFileError(f"{path}, line {number}: it is longer than {LONGEST_LINE} bytes: write one event a line")
    try:
        return read_event(json.loads(line))
    except (RowError, ValueError, RecursionError) as error:
        raise LogFileError(f"{path}, line {number}: this is no event of the System Log: {error}") from error
