"""What is sent: a message about one reason or several, as JSON for machines and as text for people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from scim.resource import timestamp
from syncd.core.notices import Notice, NoticeKind, Standing

FORMAT: Final = "syncd-notice/1"

LONGEST_LINE: Final = 500
"""Characters of one line of a text; what is beyond is cut off."""


class MessageKind(StrEnum):
    """Why a message is sent: something came up, goes on, or the way is tried."""

    NOTICE = "notice"
    DIGEST = "digest"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Message:
    """What one receiver gets. `id` stays the same when it is sent again, so that a receiver can drop repeats.

    `app` is empty for a test. `made` is when it was written.
    """

    id: str
    kind: MessageKind
    app: str
    made: datetime
    reasons: tuple[Standing, ...] = ()

    @property
    def title(self) -> str:
        """The message in one line."""
        if self.kind is MessageKind.TEST:
            return "syncd: a test; notices will come here"
        if self.kind is MessageKind.DIGEST:
            return f"syncd: {self.app}: {len(self.reasons)} still to be looked at"
        if len(self.reasons) == 1:
            return one_line(f"syncd: {self.reasons[0].notice.title}")
        return f"syncd: {self.app}: {len(self.reasons)} things have come up"

    def as_json(self) -> dict[str, Any]:
        """Return the message as JSON: a stable format that names its version."""
        return {
            "format": FORMAT,
            "id": self.id,
            "type": self.kind.value,
            "app": self.app,
            "at": timestamp(self.made),
            "title": self.title,
            "reasons": [reason_as_json(one) for one in self.reasons],
        }

    def paragraphs(self) -> tuple[str, ...]:
        """Return the text for people below the title, one paragraph for each reason. No line is longer than 500."""
        if self.kind is MessageKind.TEST:
            return ("Somebody ran `syncd notify test`. There is nothing to do.",)
        return tuple("\n".join(map(one_line, _told(one))) for one in self.reasons)


def reason_as_json(standing: Standing) -> dict[str, Any]:
    """Return a reason as JSON, as messages carry it and `syncd notify list` prints it."""
    notice = standing.notice
    return {
        "app": notice.app,
        "kind": notice.kind.value,
        "reason": notice.reason,
        "about": notice.about,
        "severity": notice.severity.value,
        "title": notice.title,
        "lines": list(notice.lines),
        "remedy": notice.remedy,
        "run": notice.run_id,
        "first": timestamp(standing.first),
        "last": timestamp(standing.last),
        "times": standing.times,
        "told": standing.told and timestamp(standing.told),
        "ended": standing.ended and timestamp(standing.ended),
    }


def message_of(told: Mapping[str, Any]) -> Message:
    """Return the message that `Message.as_json` told. Raises KeyError or ValueError when it is none."""
    if told["format"] != FORMAT:
        raise ValueError(f"{told['format']!r} is no {FORMAT}")
    reasons = tuple(map(_reason_of, told["reasons"]))
    return Message(told["id"], MessageKind(told["type"]), told["app"], _moment(told["at"]), reasons)


def one_line(text: str) -> str:
    """Return a text without control characters and line ends of any kind, cut to what a line may be long."""
    kept = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return kept if len(kept) <= LONGEST_LINE else f"{kept[: LONGEST_LINE - 1]}\u2026"


def _told(standing: Standing) -> Iterable[str]:
    notice = standing.notice
    yield f"[{notice.severity}] {notice.title}"
    yield from notice.lines
    yield f"What to do: {notice.remedy}"
    if standing.ended:
        yield f"It was over again at {_at(standing.ended)}."
    times = f", {standing.times} times until {_at(standing.last)}" if standing.times > 1 else ""
    run = f" in run {notice.run_id}" if notice.run_id else ""
    yield f"Seen at {_at(standing.first)}{times}{run}."


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _reason_of(told: Mapping[str, Any]) -> Standing:
    notice = Notice(
        app=told["app"],
        kind=NoticeKind(told["kind"]),
        title=told["title"],
        remedy=told["remedy"],
        lines=tuple(told["lines"]),
        about=told["about"],
        run_id=told["run"],
    )
    told_at, ended = told["told"], told["ended"]
    return Standing(
        notice,
        _moment(told["first"]),
        _moment(told["last"]),
        told["times"],
        told_at and _moment(told_at),
        ended and _moment(ended),
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
