"""A large directory as a function of its size: who is in it, in which groups, and what each is called."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from bench import bodies

SMALL_GROUP: Final = 100
_MEMBERSHIPS: Final = 5
"""Memberships for each user."""


@dataclass(frozen=True, slots=True)
class World:
    """So many users, one group for each hundred of them, five memberships for each.

    Users and groups are numbered from 1. Group 1 has a hundred members, group 2 a tenth of all users, the others the
    rest of the memberships in equal parts.
    """

    users: int

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return max(3, self.users // 100)

    @property
    def large_group(self) -> int:
        """How many members the large group has."""
        return self.users // 10

    def members(self, group: int) -> Iterator[int]:
        """Yield the numbers of a group's members, each once."""
        if group == 1:
            return iter(range(1, min(SMALL_GROUP, self.users) + 1))
        if group == 2:  # noqa: PLR2004  # the large one
            return iter(range(1, self.large_group + 1))
        each = (_MEMBERSHIPS * self.users - self.large_group - SMALL_GROUP) // (self.groups - 2)
        first = group * 7919
        return (1 + (first + number) % self.users for number in range(min(self.users, max(1, each))))


def identity(kind: str, number: int) -> str:
    """Return the id of a resource: it looks as random as those that syncd gives, and can be told again."""
    digits = blake2b(f"{kind} {number}".encode(), digest_size=16).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def user_body(number: int) -> dict[str, Any]:
    """Return what a client sends to create a user."""
    return bodies.user(number)


def group_body(number: int, members: Iterator[int]) -> dict[str, Any]:
    """Return what a client sends to create a group."""
    named = [{"value": identity("User", member)} for member in members]
    return {"schemas": [bodies.GROUP], "displayName": f"Group {number}", "members": named}
