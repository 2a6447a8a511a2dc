"""The application's groups and their members, as the reconciler holds them against Okta's."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from scim.resource import StoredResource
from syncd.core.groups import LocalGroup, LocalMember
from syncd.core.subjects import Subject


class Groups(Protocol):
    """Groups in one unit of work. Nothing here writes: changes go through `UnitOfWork.record`."""

    def all(self) -> tuple[LocalGroup, ...]:
        """Return every group of the application, by id."""

    def find(self, group_id: str) -> tuple[LocalGroup, StoredResource] | None:
        """Return the group and its resource without members, held until this unit of work ends; None when gone."""

    def members(self, group_id: str, snapshot_id: str) -> Iterator[LocalMember]:
        """Yield the accounts that are members of the group themselves, without attributes; groups in it are left out.

        They are read part by part, so that a large group costs no more memory than a small one.
        """

    def linked(self, snapshot_id: str, okta_user_ids: Sequence[str]) -> tuple[Subject, ...]:
        """Return the assignments of those of these people that the snapshot lists, by Okta user id.

        Each has the accounts that its ids point to (keys K1 and K2) as candidates.
        """
