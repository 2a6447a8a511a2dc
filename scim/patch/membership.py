"""What the operations of one PATCH do to a group's members, folded into one change. Members are never read."""

from collections.abc import Callable, Iterable

from scim.errors import NoTarget
from scim.filter.matching import value_matches
from scim.filter.syntax import Comparison, Filter, Operator
from scim.patch.operations import Op, Operation
from scim.resource import Member, MembershipChange

MatchingMembers = Callable[[Filter], tuple[str, ...]]


class MembershipFold:
    """Takes operations on `members` in their order; for each member the last one counts.

    `matching_members` tells which of the group's members meet a condition. It is asked only for conditions other than
    `value eq "id"`, unless a condition `must_match`: then one that selects nobody is refused.
    """

    def __init__(self, matching_members: MatchingMembers, *, must_match: bool = False) -> None:
        self._matching_members = matching_members
        self._must_match = must_match
        self._replace = False
        self._add: dict[str, Member] = {}
        self._remove: dict[str, None] = {}

    def change(self) -> MembershipChange:
        """Return what the operations so far come to."""
        return MembershipChange(self._replace, tuple(self._add.values()), tuple(self._remove))

    def apply(self, operation: Operation) -> None:
        """Take the next operation on members."""
        condition, named = operation.path.condition, operation.value
        if operation.op is Op.ADD:
            self._put(named)
        elif operation.op is Op.REPLACE or (condition is None and named is None):
            self._replace, self._add, self._remove = True, {}, {}
            self._put(named or ())
        elif condition is None:
            self._drop(member.value for member in named)
        else:
            selected = self._selected(condition)
            if self._must_match and not selected:
                raise NoTarget("members[...]: the group has no such member (RFC 7644 section 3.5.2.2).")
            self._drop(selected)

    def _put(self, members: tuple[Member, ...]) -> None:
        for member in members:
            self._remove.pop(member.value, None)
            self._add[member.value] = member

    def _drop(self, ids: Iterable[str]) -> None:
        for member_id in ids:
            self._add.pop(member_id, None)
            if not self._replace:
                self._remove[member_id] = None

    def _selected(self, condition: Filter) -> tuple[str, ...]:
        """Return the ids that a condition selects, among the group's members and those that this request adds."""
        match condition:
            case Comparison(path, Operator.EQUAL, str() as member_id) if path.leaf.name == "value":
                if not self._must_match:
                    return (member_id,)
        there = () if self._replace else self._matching_members(condition)
        added = (member for member in self._add.values() if value_matches(condition, _parts(member)))
        return (*there, *(member.value for member in added))


def _parts(member: Member) -> dict[str, str | None]:
    return {"value": member.value, "display": member.display, "type": member.type}
