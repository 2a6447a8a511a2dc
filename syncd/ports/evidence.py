"""What the audit log says about an account, as the workflows ask for it, and what may be removed of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One entry of the audit trail. `detail` is JSON; `subject_id` a SCIM id, or None where no resource is meant.

    Of one that is erased, `detail` is empty and `subject_name` None.
    """

    at: datetime
    action: str
    actor: str
    subject_id: str | None
    subject_name: str | None
    run_id: str | None
    request_id: str | None
    detail: Mapping[str, Any]
    is_erased: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """An event with its place: its row number, and, once they are there, its entry and the checkpoint that covers it.

    `entry` is the number of the entry, `checkpoint` the size of the smallest checkpoint that covers it.
    """

    event_pk: int
    entry: int | None
    checkpoint: int | None
    event: AuditEvent


@dataclass(frozen=True, slots=True)
class Removable:
    """Events about an account, and events about nothing in particular that name it, by their row numbers.

    `events` have a personal part that can be removed. Of `gone` it was removed before; `fixed` are of before there was
    one: all that they say is in their bodies, which are never changed. `is_account` tells that some are an account's.
    """

    events: tuple[int, ...]
    gone: int
    fixed: int
    is_account: bool


@dataclass(frozen=True, slots=True)
class Traces:
    """What there is of an account beside the audit log; the last two in rows."""

    account: bool
    tombstone: bool
    plan_items: int
    snapshot_rows: int


class Evidence(Protocol):
    """The audit events of one application."""

    def subjects(self, key: str) -> tuple[str, ...]:
        """Return the SCIM ids of the accounts that `key` names, those that were deleted included; at most 10.

        It is an id, an Okta user id, a user name, or the work e-mail address of an account that is there. Where
        nothing has that name any more, those are returned that had it in an event.
        """

    def told(self, subject_id: str) -> Iterator[Told]:
        """Yield what is told of a resource, the oldest first: events about it, and those that name its id."""

    def entries(self, *, subject_id: str | None = None, run_id: str | None = None) -> tuple[tuple[int, ...], int]:
        """Return the numbers of the entries about a resource or of a run, and how many of its events wait for one."""

    def removable(self, subject_id: str) -> Removable:
        """Return which events have something about that resource that can be removed."""

    def traces(self, account_id: str) -> Traces:
        """Return what there is of an account beside the audit log."""

    def remove(self, events: Sequence[int]) -> None:
        """Remove salt and personal part of these events, by their row numbers. What was removed does not come back."""
