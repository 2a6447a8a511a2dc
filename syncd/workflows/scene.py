"""What an effect on an account meets, read at once: for the effect itself, and for explaining it."""

from dataclasses import replace

from scim.resource import StoredResource
from syncd.core.guard import Scene
from syncd.core.policy import Policy
from syncd.core.rejections import Rejections
from syncd.core.situations import Situation
from syncd.ports import UnitOfWork


def read_scene(
    unit: UnitOfWork, account_id: str, policy: Policy, situation: Situation | None = None
) -> tuple[Scene, StoredResource] | None:
    """Return the scene and the account's resource, held as `UnitOfWork.account` says; None when the account is gone.

    Whether a waiver is in force is told for that situation; without one, none is.
    """
    found = unit.account(account_id)
    if found is None:
        return None
    account, stored = found
    admins, now = unit.admins(policy.admin_groups), unit.decisions.now()
    waivers = (one for one in unit.decisions.waivers() if one.account_id == account.id)
    scene = Scene(
        account=replace(account, is_admin=account.id in admins),
        spent=unit.runs.spent(),
        other_admins=len(admins - {account.id}) if policy.admin_groups else None,
        is_rejected=Rejections.among(unit.reviews.rejections(account)).of(account) is not None,
        is_confirmed=unit.is_confirmed("User", account.id),
        is_disputed=unit.staging.is_disputed(account.id),
        is_waived=situation is not None and any(one.covers(situation, now) for one in waivers),
    )
    return scene, stored
