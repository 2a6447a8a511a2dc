"""What a run works with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from syncd.core.changes import Cause
from syncd.core.policy import Policy
from syncd.core.situations import Situation
from syncd.ports import Announce, AssignmentSource, Database, EventLog

LEASE_LASTS = timedelta(minutes=15)
REPORTS_LAST = timedelta(days=400)

Sample = Callable[[Sequence[str], int], Sequence[str]]
"""Returns so many of the given ids, or all of them, chosen so that nobody can tell which beforehand."""


def first(ids: Sequence[str], most: int) -> Sequence[str]:
    """Return the first ids: a sample for worlds without an adversary."""
    return ids[:most]


@dataclass(frozen=True, slots=True)
class Desk:
    """What a run works with: the application, its policy, its source, the store, and somebody to tell.

    `accepted_rows` is the size of the listing that an operator said is right, for this run only. `only` bounds the plan
    to some situations. `closed` tells, each time it is asked, why effects other than those on deactivated people have
    to wait now (a maintenance window), or None; `despite` is why somebody has them happen in one all the same.
    `lease_lasts` is how long the application is held for this run after each of its steps. `log` is Okta's System Log,
    where it can be read. `revocation_sla` is how long after the end of its assignment an account may stay open before
    somebody is told; with 0 nobody is. `freshness` is how long there may be between two complete listings; with 0 any
    time. `reports_last` is how long the report of a run is kept; with 0 it is not.
    """

    app: str
    policy: Policy
    source: AssignmentSource
    database: Database
    announce: Announce
    actor: str = "reconciler"
    accepted_rows: int | None = None
    only: frozenset[Situation] | None = None
    closed: Callable[[], str | None] = lambda: None
    despite: str | None = None
    sample: Sample = first
    lease_lasts: timedelta = LEASE_LASTS
    log: EventLog | None = None
    revocation_sla: timedelta = timedelta(0)
    freshness: timedelta = timedelta(0)
    reports_last: timedelta = REPORTS_LAST

    def cause(self, run_id: str | None = None, reason: str | None = None) -> Cause:
        """Return to whom and to what a change of this run is attributed."""
        return Cause(self.actor, run_id=run_id, reason=reason)
