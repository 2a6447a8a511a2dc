"""What stands between a plan and its effects beside the counts of one run: budgets, administrators, windows."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from scim.resource import fold
from syncd.config import checks
from syncd.config.section import Section
from syncd.core.policy import Rule
from syncd.core.situations import Confirm

Names = Annotated[tuple[str, ...], BeforeValidator(checks.split_list)]


class GuardSettings(Section):
    """[apps.NAME.guard]: what no plan may go beyond, whatever it is made from."""

    budget_day: int = Field(40, ge=0, description="Deactivations by all runs in 24 hours above which nothing is done.")
    budget_week: int = Field(100, ge=0, description="The same in 7 days.")
    budget_members_day: int = Field(
        200, ge=0, description="Members that all runs take out of groups in 24 hours above which nothing is done."
    )
    budget_members_week: int = Field(500, ge=0, description="The same in 7 days.")
    sentinels: Names = Field(
        (),
        description="User names or Okta user ids that every listing has to hold; without one it is not believed.",
        examples=[["canary@example.com"]],
    )
    admin_groups: Names = Field(
        (),
        description="Groups here whose members administer the application: names or SCIM ids.",
        examples=[["Admins"]],
    )
    min_admins: int = Field(1, ge=0, description="Active administrators below which nobody of them is closed.")
    group_max_percent: float = Field(
        25.0, ge=0, le=100, description="Members that one run may remove from a group, in percent."
    )
    group_min_members: int = Field(20, ge=0, description="Members below which only max_deactivations decides.")
    flapping: int = Field(3, ge=2, description="Times opened or closed in 7 days after which an account is frozen.")
    maintenance: Annotated[
        tuple[str, ...], BeforeValidator(checks.split_list), AfterValidator(checks.check_windows)
    ] = Field(
        (),
        description="When nothing is repaired but accounts of deactivated people: cron expression in UTC, for N hours.",
        examples=[["0 8 * * 1-5 for 10 hours"]],
    )

    def as_policy(self) -> dict[str, Any]:
        """Return these settings as `core.policy.Policy` takes them."""
        return {
            "budget_day": self.budget_day,
            "budget_week": self.budget_week,
            "budget_members_day": self.budget_members_day,
            "budget_members_week": self.budget_members_week,
            "sentinels": frozenset(one if one.startswith("00u") else fold(one) for one in self.sentinels),
            "admin_groups": frozenset(self.admin_groups) | frozenset(map(fold, self.admin_groups)),
            "min_admins": self.min_admins,
            "group_max_percent": self.group_max_percent,
            "group_min_members": self.group_min_members,
            "flapping": self.flapping,
        }


class RuleSettings(Section):
    """[apps.NAME.rules.SITUATION]: what holds in one situation beside its mode."""

    confirm: Confirm | None = Field(None, description="What bears an effect out: none, point, two-snapshot or both.")
    grace_hours: float | None = Field(None, ge=0, description="Hours that it must last before it counts.")
    max_count: int | None = Field(
        None, ge=0, description="Effects of one plan because of it above which nothing is done."
    )
    max_percent: float | None = Field(None, ge=0, le=100, description="The same, in percent of the managed accounts.")

    def rule(self) -> Rule:
        """Return these settings as the core takes them."""
        grace = None if self.grace_hours is None else timedelta(hours=self.grace_hours)
        return Rule(self.confirm, grace, self.max_count, self.max_percent)
