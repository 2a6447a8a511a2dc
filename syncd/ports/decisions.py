"""What people decided about accounts and plans, as the workflows ask for it; the rules are `ports`' own."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from syncd.core.consents import Approval, Waiver
from syncd.core.guard import Objection
from syncd.core.subjects import MarkKind


class AlreadyDecidedError(Exception):
    """An approval was used, or a quarantine was ended, before."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark that is in force: on whom, what, since when and until when (None: until somebody takes it off)."""

    account_id: str
    user_name: str
    kind: MarkKind
    actor: str
    reason: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A plan that the guard stopped. `ended` is None as long as nobody released or discarded it, and no plan passed.

    `objections` are those of the last run that made this plan, `runs` how many made it.
    """

    quarantine_id: str
    digest: str
    run_id: str
    objections: tuple[Objection, ...]
    runs: int
    since: datetime
    ended: datetime | None = None
    ended_by: str | None = None
    outcome: str | None = None
    reason: str | None = None


class Decisions(Protocol):
    """The decisions of people about one application. Each that is written is an audit event too."""

    def now(self) -> datetime:
        """Return the database's clock: the one by which everything here ends."""

    def mark(self, account_id: str, kind: MarkKind, reason: str, until: datetime | None) -> None:
        """Put a mark on an account, or renew it. Raises `scim.errors.NotFound`."""

    def unmark(self, account_id: str, kind: MarkKind, reason: str) -> bool:
        """Take a mark off; return False when the account had none of that kind in force."""

    def marks(self) -> tuple[Mark, ...]:
        """Return the marks in force, by user name."""

    def waive(self, account_id: str, given: Waiver) -> None:
        """Keep a waiver that `core.consents.refuse_waiver` had nothing against. Raises `scim.errors.NotFound`."""

    def end_waiver(self, waiver_id: str, reason: str) -> bool:
        """End a waiver now; return False when none of that id is in force."""

    def waivers(self) -> tuple[Waiver, ...]:
        """Return the waivers in force, the one that ends first in front."""

    def approve(self, digest: str, approver: str, reason: str, lasting: timedelta) -> Approval:
        """Keep the approval of a plan that some run has made. Raises KeyError when no run has made it."""

    def approval_of(self, digest: str) -> Approval | None:
        """Return the approval of that plan that may still be used, or None."""

    def approvals(self, digests: Collection[str]) -> tuple[tuple[datetime, Approval], ...]:
        """Return every approval of these plans, used up and over ones too, with when it was given; oldest first."""

    def use_approval(self, approval_id: str, run_id: str) -> None:
        """Use the approval up, for that run; nothing happens when that run did before.

        Raises `AlreadyDecidedError` when another run did, or its time is over.
        """

    def quarantine(self, run_id: str, digest: str, objections: Sequence[Objection]) -> bool:
        """Put a plan into quarantine; return whether it was not in there before."""

    def quarantines(self, *, ended: bool = False) -> tuple[Quarantine, ...]:
        """Return the quarantines that stand, youngest first; with `ended` the others too."""

    def end_quarantine(self, quarantine_id: str, outcome: str, reason: str) -> None:
        """End a quarantine: "released", "discarded" or "passed". Raises `AlreadyDecidedError` when it has ended."""

    def switches(self, account_ids: Sequence[str], since: datetime) -> dict[str, int]:
        """Return how often `active` of each account changed since then; accounts without a change are left out."""
