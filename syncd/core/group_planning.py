"""What follows from the findings about groups: items of the one plan, in its order and under its digest."""

from collections.abc import Iterable

from scim.resource import fold
from syncd.core.group_matching import GroupFinding
from syncd.core.planning import Deferred, Item, Plan, one_admin_less, order_of_item, plan_digest, repair_of
from syncd.core.policy import Policy
from syncd.core.situations import EFFECTS, GRANTS, REVOKES, Confirm, Effect, Mode
from syncd.core.subjects import MarkKind

NAME = "displayName"
"""The attribute that a change of a group's name writes."""


def with_groups(
    app: str, plan: Plan, findings: Iterable[GroupFinding], policy: Policy, admins: int | None = None
) -> Plan:
    """Return the plan of the accounts with what follows for groups: one plan, one digest.

    `admins` is how many active administrators stay after the plan of the accounts, None where the policy names no group
    of them.
    """
    items, deferred = list(plan.items), list(plan.deferred)
    for finding in sorted(findings, key=_order):
        effect = repair_of(finding, policy)
        if effect is None:
            continue
        obstacle = _obstacle(finding, effect, policy)
        if obstacle is None and _takes_an_admin(finding, effect, policy):
            obstacle, admins = one_admin_less(admins, policy)
        if obstacle is None:
            items.append(_item(finding, effect, policy))
        else:
            deferred.append(_deferred(finding, obstacle))
    if len(items) == len(plan.items) and len(deferred) == len(plan.deferred):
        return plan
    items.sort(key=order_of_item)
    return Plan(tuple(items), tuple(deferred), plan_digest(app, items, policy))


def is_admin_group(group_id: str, name: str, policy: Policy) -> bool:
    """Return whether a group administers the application, by the policy's word."""
    return not policy.admin_groups.isdisjoint({group_id, fold(name)})


def _order(finding: GroupFinding) -> tuple[str, str, str]:
    return (finding.group.id if finding.group else ""), (finding.account.id if finding.account else ""), finding.name


def _obstacle(finding: GroupFinding, effect: Effect, policy: Policy) -> str | None:
    group, mapping = finding.group, finding.mapping
    if group is None or mapping is None:
        return "it is not known which group it is"
    if effect is Effect.RENAME_GROUP and _administers(finding, policy) == (True, False):
        return "guard.admin_groups has the name that it would lose: write its SCIM id there"
    if finding.account is not None and MarkKind.HOLD in finding.account.marks:
        return "it is on hold"
    return None


def _administers(finding: GroupFinding, policy: Policy) -> tuple[bool, bool]:
    """Return whether the group administers by the name that it has here, and whether by the one that it has in Okta."""
    group, mapping = finding.group, finding.mapping
    if group is None or mapping is None:
        return False, False
    return is_admin_group(group.id, group.name, policy), is_admin_group(group.id, mapping.name or "", policy)


def _takes_an_admin(finding: GroupFinding, effect: Effect, policy: Policy) -> bool:
    group, account = finding.group, finding.account
    if effect is not Effect.REMOVE_MEMBER or group is None or account is None or not account.is_admin:
        return False
    return is_admin_group(group.id, group.name, policy)


def _item(finding: GroupFinding, effect: Effect, policy: Policy) -> Item:
    group, mapping, account = finding.group, finding.mapping, finding.account
    if group is None or mapping is None:
        raise AssertionError(finding)
    return Item(
        effect=effect,
        situation=finding.situation,
        account_id=account.id if account else "",
        user_name=account.user_name if account else group.name,
        okta_user_id=finding.okta_user_id,
        version=group.version,
        reason=f"group {group.name!r}: {finding.reason}",
        waits=_waits(finding, policy),
        changes={NAME: mapping.name or ""} if effect is Effect.RENAME_GROUP else {},
        proposed=_is_proposed(finding, effect, policy),
        group_id=group.id,
        okta_group_id=mapping.okta_group_id,
        others=finding.others,
    )


def _is_proposed(finding: GroupFinding, effect: Effect, policy: Policy) -> bool:
    """Return whether the effect needs the approval of the plan. A name that makes administrators gives access."""
    makes_admins = effect is Effect.RENAME_GROUP and _administers(finding, policy) == (False, True)
    return policy.mode(finding.situation) is Mode.PROPOSE or finding.by_name or makes_admins


def _waits(finding: GroupFinding, policy: Policy) -> str | None:
    """Return why the effect can never be borne out as the policy asks for it, or None.

    Members are not kept from one run to the next, so no second snapshot can confirm that somebody is missing.
    """
    changes_access = EFFECTS[finding.situation] in GRANTS | REVOKES
    possible = {Confirm.POINT} if changes_access else {Confirm.NONE}
    confirm = policy.confirm(finding.situation)
    if confirm in possible:
        return None
    return f"confirm = {confirm.value!r} of {finding.situation} cannot be had for groups: write {min(possible).value!r}"


def _deferred(finding: GroupFinding, obstacle: str) -> Deferred:
    account, group = finding.account, finding.group
    name = account.user_name if account else finding.name
    return Deferred(account.id if account else group.id if group else "", name, finding.situation, obstacle)
