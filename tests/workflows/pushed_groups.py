"""Groups on both sides, for tests of what the reconciler makes of them."""

from scim.resource import Member, MembershipChange
from syncd.core.changes import Change
from syncd.core.policy import Policy
from syncd.core.situations import Effect, Situation
from syncd.core.subjects import Origin
from syncd.workflows.running import RunResult
from tests.workflows.conftest import APP, CAUSE, LOGINS, Office

GROUPS = Policy(groups=True, min_listing_percent=0)


def form(office: Office, name: str, members: list[str], origin: Origin = Origin.SCIM) -> str:
    """Make a group with these accounts, as a push does; return its SCIM id."""
    added = MembershipChange(add=tuple(Member(one) for one in members))
    with office.database.transaction(APP, CAUSE) as unit:
        stored = unit.record(Change("Group", None, {"displayName": name}, added, origin=origin))
    assert stored is not None
    return stored.id


def regroup(office: Office, group_id: str, change: MembershipChange, **attributes: str) -> None:
    """Change a group, as a push does."""
    with office.database.transaction(APP, CAUSE) as unit:
        stored = unit.resources.read("Group", group_id, with_members=False)
        unit.record(Change("Group", stored, {**stored.document, **attributes}, change))


def members(office: Office, group_id: str) -> set[str]:
    with office.database.reading(APP) as unit:
        return {one.value for one in unit.resources.read("Group", group_id).members or ()}


def okta_ids(office: Office, *numbers: int) -> list[str]:
    return [office.okta_id(LOGINS[number]) for number in numbers]


def group_counts(result: RunResult) -> dict[Situation, int]:
    assert result.report is not None
    assert result.report.groups is not None
    return dict(result.report.groups.counts)


def planned(result: RunResult) -> list[tuple[Effect, str]]:
    assert result.report is not None
    return [(item.effect, item.account_id) for item in result.report.plan.items]
