"""Where assignments come from, the time, and somebody to tell."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from syncd.core.groups import GroupMapping, MembershipLookup
from syncd.core.subjects import Assignment, Lookup


class Clock(Protocol):
    """The time. The only source of it below the composition root."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""


class Announce(Protocol):
    """Says where a long piece of work stands, to whoever watches."""

    def __call__(self, message: str, /) -> None:
        """Show one line of plain words, without a secret. Returns at once and never raises."""


@dataclass(frozen=True, slots=True)
class AssignmentPage:
    """One page of the listing, numbered from 1, complete as the source sent it.

    With `cursor` the source goes on behind this page, or says that there is nothing behind it: a text that means
    something to the source alone. None: nobody can go on from here.
    """

    number: int
    rows: tuple[Assignment, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class SourceIdentity:
    """What a snapshot was taken with: equal identities are comparable snapshots. Digests are hex SHA-256, truncated."""

    okta_app_id: str
    app_label: str
    credential_digest: str
    filter_digest: str


class AssignmentSource(Protocol):
    """One Okta application, as its Management API tells it."""

    def preflight(self) -> SourceIdentity:
        """Ask whether the application is there, active, and readable with this credential.

        Raises `SourceUnhealthyError` with the remedy otherwise.
        """

    def pages(self, resume: str | None = None) -> Iterator[AssignmentPage]:
        """Yield every page of the listing, from the first to the one that has no next.

        Either every row has been yielded when the iterator ends, or it raises `SourceUnhealthyError`: an iterator that
        ends without raising means the listing is complete. A row that cannot be read raises too.

        `resume` is the cursor of a page that was read before, by whichever process: then the pages behind that one are
        yielded, under the numbers that they would have had. Nobody is yielded twice; that somebody was listed before
        the cursor and is listed again behind it shows where both are staged. Raises `SourceUnhealthyError` for a
        cursor that is not understood, and where nobody is listed behind one that led on.
        """

    def look_up(self, okta_user_id: str) -> Lookup:
        """Ask Okta, uncached, about one user and this application. Raises nothing: what cannot be told is UNKNOWN."""

    def group_mappings(self) -> tuple[GroupMapping, ...]:
        """Return every group that Okta pushes to the application, or did, in any status.

        Raises `SourceUnhealthyError` when they cannot all be read: where the credential may not see groups, or the
        application has no Group Push, that says nothing about any group.
        """

    def group_members(self, okta_group_id: str) -> Iterator[tuple[str, ...]]:
        """Yield the Okta user ids of the group's members, page by page, whether or not they are assigned.

        As with `pages`, every member has been yielded when the iterator ends, or it raises `SourceUnhealthyError`.
        """

    def look_up_membership(self, okta_group_id: str, okta_user_id: str) -> MembershipLookup:
        """Ask Okta, uncached, whether one user is a member of one group now.

        Raises nothing: what cannot be told is UNKNOWN.
        """

    def close(self) -> None:
        """Give back connections. May be called twice."""
