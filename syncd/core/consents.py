"""What people decided: waivers, which accept a drift for a time, and approvals, which let one plan through once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from syncd.core.situations import Situation

LONGEST_WAIVER: Final = timedelta(days=90)
APPROVAL_LASTS: Final = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Waiver:
    """A drift that somebody accepts until `expires`: it is reported and counted, and has no effect.

    It is of one account, and of one situation or, with None, of any. The approver is not the owner.
    """

    waiver_id: str
    account_id: str
    situation: Situation | None
    owner: str
    approver: str
    reason: str
    ticket: str
    expires: datetime

    def covers(self, situation: Situation, now: datetime) -> bool:
        """Return whether it accepts that situation at that moment, by the database's clock."""
        return now < self.expires and self.situation in (None, situation)


@dataclass(frozen=True, slots=True)
class Approval:
    """The word of a person that one plan, named by its digest, may be carried out once until `expires`.

    `used_by` is the run that did so.
    """

    approval_id: str
    digest: str
    approver: str
    reason: str
    expires: datetime
    used_by: str | None = None

    def lets_through(self, digest: str, now: datetime) -> bool:
        """Return whether it lets the plan of that digest through at that moment, by the database's clock."""
        return self.used_by is None and now < self.expires and self.digest == digest


def refuse_waiver(waiver: Waiver, now: datetime) -> str | None:
    """Return why a waiver may not be given, or None (invariant I20)."""
    blank = [name for name in ("owner", "approver", "reason", "ticket") if not getattr(waiver, name).strip()]
    if blank:
        return f"a waiver needs {', '.join(blank)}"
    if waiver.owner.strip().casefold() == waiver.approver.strip().casefold():
        return "who owns a waiver does not approve it: name another person"
    if not now < waiver.expires <= now + LONGEST_WAIVER:
        return f"a waiver ends within {LONGEST_WAIVER.days} days from now"
    return None


def waivers_by_account(waivers: Iterable[Waiver]) -> Mapping[str, tuple[Waiver, ...]]:
    """Return the waivers by the account they are of."""
    found: dict[str, tuple[Waiver, ...]] = {}
    for waiver in waivers:
        found[waiver.account_id] = (*found.get(waiver.account_id, ()), waiver)
    return found
