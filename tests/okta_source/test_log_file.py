"""An exported System Log is read whole, or refused with the line that cannot be read."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from syncd.okta_source.log_file import LONGEST_LINE, LogFileError, read_log_file

APP = "0oamine"


def line(uuid: str, event_type: str = "application.user_membership.remove", app: str = APP) -> dict[str, Any]:
    targets = [{"id": "00u1", "type": "User"}, {"id": app, "type": "AppInstance"}]
    return {
        "uuid": uuid,
        "eventType": event_type,
        "published": "2026-03-01T12:00:00.000Z",
        "outcome": {"result": "SUCCESS"},
        "actor": {"id": "00uadmin", "alternateId": "admin@example.com"},
        "target": targets,
    }


def written(path: Path, *lines: object) -> Path:
    path.write_text("".join(f"{json.dumps(one)}\n" for one in lines), encoding="utf-8")
    return path


def test_events_of_this_application_are_read_once_and_others_left_out(tmp_path: Path) -> None:
    path = written(
        tmp_path / "log.ndjson",
        line("u1"),
        line("u1"),
        line("u2", app="0oaother"),
        line("u3", "user.lifecycle.deactivate"),
        line("u4", "user.session.start"),
    )
    read = read_log_file(path, APP)
    assert [event.uuid for event in read.events] == ["u1", "u3"]
    assert read.events[0].actor == "admin@example.com"
    assert read.lacking is None
    assert hashlib.sha256(path.read_bytes()).hexdigest() in read.where


@pytest.mark.parametrize(
    "bad", [b"{", b"[]", b"{}", b'{"uuid": 1}', b"\xff", b"[" * 2000, b" " * 9 + b"x" * LONGEST_LINE]
)
def test_a_line_that_is_no_event_is_named_and_nothing_counts(tmp_path: Path, bad: bytes) -> None:
    path = written(tmp_path / "log.ndjson", line("u1"))
    path.write_bytes(path.read_bytes() + b"\n" + bad + b"\n")
    with pytest.raises(LogFileError, match="line 3"):
        read_log_file(path, APP)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(LogFileError, match="cannot be read"):
        read_log_file(tmp_path / "none", APP)
