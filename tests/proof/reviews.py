"""Schedules with an access review: somebody is rejected, or approved again, at any point of a run.

What has to hold beside the other invariants: an account is closed because of a review only while its rejection stands
and after somebody approved the plan, and no run gives access to whom a review rejects.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from syncd.core.changes import Action
from syncd.core.reviews import Decision, Entry, Judgement, Review, ReviewItem, Scope, row_digest
from syncd.core.situations import Situation
from syncd.store import SqlDatabase
from syncd.store.tables import plan_item, run
from tests.proof.invariants import GRANTING, Monitor
from tests.proof.schedules import OPERATOR, Move, Schedule
from tests.proof.world import Person

AT: Final = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class ReviewMonitor(Monitor):
    """Looks at what follows from a review as well. `rejected` has the ids of the accounts that are rejected now."""

    rejected: set[str] = field(default_factory=set)

    def _event(self, event: dict[str, Any]) -> None:
        ours = event["actor"].startswith("reconciler")
        if ours and event["action"] in {*GRANTING, Action.GROUP_MEMBERS_CHANGED}:
            given = {event["subject_id"], *event["detail"].get("members_added", ())}
            self._hold(given.isdisjoint(self.rejected), "R3: access was given to an account that a review rejects")
        super()._event(event)

    def _deactivated(self, person: Person, row: Any) -> None:
        items = self._rows(plan_item, plan_item.c.run_pk == row.pk, plan_item.c.account_id == person.account_id)
        if Situation.ACCESS_REJECTED not in {one.item["situation"] for one in items if one.outcome == "done"}:
            super()._deactivated(person, row)
            return
        self._hold(person.account_id in self.rejected, "R1: an account was closed whose rejection no longer stands")
        (own,) = self._rows(run, run.c.pk == row.pk)
        self._hold(own.approval is not None, "R2: an account was closed by a review, and nobody approved the plan")
        self._admins(person)


class ReviewSchedule(Schedule):
    """One schedule with an open review of everybody."""

    def __init__(self, database: SqlDatabase, number: int) -> None:
        super().__init__(database, number)
        self._reviewing = ReviewMonitor(self.world)
        self._monitor = self._reviewing
        self._review_id = f"review-{self.world.app}"
        self._is_open = False

    def _begin_with_drift(self) -> None:
        person = self._rng.choice(self.world.people)
        what = self._rng.choice(["rejected", "closed", "closed", "drifting"])
        if what == "drifting":
            super()._begin_with_drift()
            return
        self.world.log.append(f"{what}: {self.world.people.index(person)}")
        if what == "rejected":
            self.decide(person, Decision.REJECT)
        else:
            self.world.push(person, active=False)

    def _moves(self) -> Mapping[str, tuple[int, Move]]:
        return {**super()._moves(), **_DECISIONS}

    def a_rejected(self, otherwise: Person) -> Person:
        """Return somebody who is rejected."""
        rejected = [one for one in self.world.people if one.account_id in self._reviewing.rejected]
        return self._rng.choice(rejected or [otherwise])

    def decide(self, person: Person, decision: Decision) -> None:
        """Decide about an account, in place of whatever was decided before."""
        with self.world.database.transaction(self.world.app, OPERATOR) as unit:
            if not self._is_open:
                entries = [_entry(one) for one in self.world.people]
                review = _review(self._review_id, len(entries))
                unit.reviews.open(review, [ReviewItem(one, row_digest(review.review_id, one)) for one in entries])
                self._is_open = True
            unit.reviews.decide(self._review_id, [Judgement(person.account_id, decision, "grace", "because")])
        if decision is Decision.REJECT:
            self._reviewing.rejected.add(person.account_id)
        else:
            self._reviewing.rejected.discard(person.account_id)


def _rejects(schedule: Schedule, person: Person) -> None:
    if isinstance(schedule, ReviewSchedule):
        schedule.decide(person, Decision.REJECT)


def _approves(schedule: Schedule, person: Person) -> None:
    """Approve somebody, of the rejected ones if there are any."""
    if isinstance(schedule, ReviewSchedule):
        schedule.decide(schedule.a_rejected(person), Decision.APPROVE)


_DECISIONS: Final[Mapping[str, tuple[int, Move]]] = {
    "a review rejects": (30, _rejects),
    "a review approves instead of": (20, _approves),
}


def _review(review_id: str, size: int) -> Review:
    period = (date(2026, 1, 1), date(2026, 2, 28))
    return Review(review_id, Scope.ALL, period, "grace", None, "", "", size, {}, None, AT, "operator:ann")


def _entry(person: Person) -> Entry:
    return Entry(
        account_id=person.account_id,
        user_name=person.account_id,
        display_name=None,
        emails=(),
        owner=person.okta_user_id,
        okta_user_name=None,
        origin=person.origin,
        user_type=None,
        marks=(),
        user_status=None,
        assignment_status=None,
        route=None,
        groups=(),
        roles=(),
        created=AT,
        modified=AT,
        privileged=None,
    )
