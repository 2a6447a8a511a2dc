"""What the events of Okta's System Log are taken for: hints at people to look at again, and never facts.

An event may come late, twice, or be undone by the next one. So none of them says what to do: who is named is asked
about, and the answer decides.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, IntEnum, auto
from typing import Final

MEMBERSHIP: Final = "membership"
LIFECYCLE: Final = "lifecycle"
PROFILE: Final = "profile"

_OF_ASSIGNMENT: Final = "application.user_membership."
_OF_PUSH: Final = "application.provision.user."
_OF_PERSON: Final = "user.lifecycle."

GROUP_UNASSIGNED: Final = "group.application_assignment.remove"

EVENT_TYPES: Final = {
    MEMBERSHIP: (
        *(
            _OF_ASSIGNMENT + name
            for name in ("add", "remove", "update", "change_username", "provision", "deprovision", "revoke", "restore")
        ),
        *(_OF_PUSH + name for name in ("push", "push_profile", "reactivate", "activate", "deactivate", "deprovision")),
        GROUP_UNASSIGNED,
    ),
    LIFECYCLE: tuple(
        _OF_PERSON + name
        for name in (
            *("activate", "deactivate", "suspend", "unsuspend", "reactivate"),
            *("delete.initiated", "delete.completed"),
        )
    ),
}
"""What each clause of the log asks for. Events about a person's lifecycle do not name the application, so they need a
clause of their own. That somebody was created says nothing of this application."""

PROFILE_TYPES: Final = ("user.account.update_profile",)
"""What evidence asks for beside: that somebody's profile changed is no hint, the push about it suffices."""

REVOKING: Final = frozenset(
    {
        *(_OF_ASSIGNMENT + name for name in ("remove", "deprovision", "revoke")),
        *(_OF_PUSH + name for name in ("deactivate", "deprovision")),
        *(_OF_PERSON + name for name in ("deactivate", "suspend", "delete.initiated", "delete.completed")),
    }
)
"""Events after which somebody's access may have to end: these are looked into first."""

GRANTING: Final = frozenset(
    {
        *(_OF_ASSIGNMENT + name for name in ("add", "restore")),
        *(_OF_PERSON + name for name in ("activate", "unsuspend", "reactivate")),
    }
)
"""Events after which somebody may have access again."""

UNASSIGNED: Final = _OF_ASSIGNMENT + "remove"


class HintKind(IntEnum):
    """What a hint is about; the smaller is looked into first.

    REMOVED: Okta says that it took the assignment away. REVOKING: access may have to end for another reason.
    """

    REMOVED = 0
    REVOKING = 1
    OTHER = 2


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event of the System Log, as Okta sent it. The ids are those of its targets, by their type.

    A type that this version does not know is kept. `outcome` and `actor` are for people: how it ended and why, and who
    or what did it; None where Okta does not say.
    """

    uuid: str
    published: datetime
    event_type: str
    succeeded: bool
    user_ids: tuple[str, ...]
    app_ids: tuple[str, ...] = ()
    group_ids: tuple[str, ...] = ()
    outcome: str | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class NewHint:
    """Somebody to look at again, and the event that says so. `outcome` and `actor` as in `LogEvent`."""

    okta_user_id: str
    uuid: str
    event_type: str
    published: datetime
    kind: HintKind
    outcome: str | None = None
    actor: str | None = None


def hints_of(events: Iterable[LogEvent]) -> tuple[NewHint, ...]:
    """Return a hint for each person of each event, once.

    A push that failed is a hint as good as any: it is the very reason to look.
    """
    return tuple(dict.fromkeys(_hints_of(events)))


def _hints_of(events: Iterable[LogEvent]) -> Iterator[NewHint]:
    for event in events:
        for okta_user_id in event.user_ids:
            yield NewHint(
                okta_user_id,
                event.uuid,
                event.event_type,
                event.published,
                _kind_of(event),
                event.outcome,
                event.actor,
            )


def _kind_of(event: LogEvent) -> HintKind:
    if event.event_type == UNASSIGNED and event.succeeded:
        return HintKind.REMOVED
    return HintKind.REVOKING if event.event_type in REVOKING else HintKind.OTHER


# ------------------------------------------------------------------ when hints do not suffice


def beyond_hints(events: Iterable[LogEvent]) -> str | None:
    """Return why a full run is needed although every event was read, or None.

    Nobody promises that the members of a group that was unassigned are told one by one.
    """
    unassigned = {one for event in events if event.event_type == GROUP_UNASSIGNED for one in event.group_ids}
    return f"Okta unassigned the group {min(unassigned)}" if unassigned else None


def gap(age: timedelta | None, retention: timedelta) -> str | None:
    """Return why the log cannot be gone on with, or None. `age` is how long ago it was read; None for never."""
    if age is None:
        return "the System Log was not followed before"
    if age >= retention:
        return f"the System Log was last read {age.days} days ago, and it goes back {retention.days}"
    return None


def full_run_due(began: datetime, last_full_run: datetime | None) -> bool:
    """Return whether no full run has begun since the log is followed without a gap. Both by the database's clock."""
    return last_full_run is None or last_full_run <= began


class Turn(Enum):
    """What to do after a page of the log."""

    ON = auto()
    END = auto()
    STUCK = auto()


def after_page(following: str, asked: Collection[str], *, ended: bool) -> Turn:
    """Return whether to go on, given the cursor that follows and those that were asked for.

    `ended`: the page was not full, so there is no more for now; Okta then repeats its cursor. A full page that leads
    back to one that was read leads there for ever.
    """
    if ended:
        return Turn.END
    return Turn.STUCK if following in asked else Turn.ON
