"""One event of the System Log, raw JSON to `LogEvent`.

As with the listing: a type that nobody has heard of is kept, and what does not say which event it is, or whom it is
about, is refused.
"""

from datetime import UTC, datetime
from typing import Any, Final

from syncd.core.okta_events import LogEvent
from syncd.okta_source.rows import Place, RowError, text_at

LONGEST_TEXT: Final = 200
_WHO: Final[tuple[Place, ...]] = (("actor", "alternateId"), ("actor", "displayName"), ("actor", "id"))


def read_event(row: Any) -> LogEvent:
    """Return the event. Raises `RowError` for what has no uuid, type or time, or a person as target without an id."""
    uuid, event_type, published = (text_at(row, (name,)) for name in ("uuid", "eventType", "published"))
    if uuid is None or event_type is None or published is None:
        raise RowError("an event is no object with uuid, eventType and published")
    targets = _targets(row["target"], uuid) if row.get("target") is not None else ()
    return LogEvent(
        uuid=uuid,
        published=_moment(published, uuid),
        event_type=event_type,
        succeeded=text_at(row, ("outcome", "result")) == "SUCCESS",
        user_ids=_of_type(targets, "User"),
        app_ids=_of_type(targets, "AppInstance"),
        group_ids=_of_type(targets, "UserGroup"),
        outcome=_for_people(": ".join(_texts(row, ("outcome", "result"), ("outcome", "reason")))),
        actor=_for_people(next(iter(_texts(row, *_WHO)), "")),
    )


def _targets(found: Any, uuid: str) -> tuple[tuple[str | None, str | None], ...]:
    """Return type and id of each target: they are told apart by type, and come in any order."""
    if not isinstance(found, list) or not all(isinstance(target, dict) for target in found):
        raise RowError(f"event {uuid} has targets that are no objects")
    targets = tuple((text_at(target, ("type",)), text_at(target, ("id",))) for target in found)
    if any(kind in {"User", None} and okta_id is None for kind, okta_id in targets):
        raise RowError(f"event {uuid} is about somebody whom it does not name")
    return targets


def _of_type(targets: tuple[tuple[str | None, str | None], ...], wanted: str) -> tuple[str, ...]:
    return tuple(okta_id for kind, okta_id in targets if kind == wanted and okta_id is not None)


def _texts(row: Any, *places: Place) -> list[str]:
    return [text for place in places if (text := text_at(row, place))]


def _for_people(text: str) -> str | None:
    """Return a text on one line, cut where it is too long to be read; None for an empty one."""
    return "".join(filter(str.isprintable, " ".join(text.split())))[:LONGEST_TEXT] or None


def _moment(text: str, uuid: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RowError(f"event {uuid} has the time {text[:40]!r}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
