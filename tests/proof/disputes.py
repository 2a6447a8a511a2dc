"""Schedules in which accounts pass from one person to another, and pushes and listings tell half of it.

What has to hold is what holds of all accounts: nobody's is closed on the word about another who had it too.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final

from syncd.core.subjects import Origin
from tests.proof.schedules import MOVES, Move, Schedule
from tests.proof.world import Person


class DisputeSchedule(Schedule):
    """One schedule: long enough for an account to be missing, be found again, and pass on."""

    runs: ClassVar[int] = 5

    def _moves(self) -> Mapping[str, tuple[int, Move]]:
        return DISPUTE_MOVES

    def _begin_with_drift(self) -> None:
        self._drift()

    def _let_time_pass(self) -> None:
        self.world.now += 1
        while self._rng.random() < DRIFT_BETWEEN_RUNS:
            self._drift()

    def _drift(self) -> None:
        person = self._rng.choice(self.world.people)
        (name,) = self._rng.choices(list(_DRIFTS), [weight for weight, _ in _DRIFTS.values()])
        self.world.log.append(f"{name} {self.world.people.index(person)}")
        _DRIFTS[name][1](self, person)

    def become_another(self, person: Person, *, lands: bool) -> None:
        """Give an account of ours to another user of Okta's, beside the former or alone."""
        if person.origin is not Origin.SCIM:
            return
        former = person.okta_user_id or ""
        row = self.world.okta.assigned.get(former)
        self.world.relink(person, lands=lands)
        if row is not None and self._rng.random() < STAYS:
            self.world.okta.assigned[former] = replace(row, external_id=person.account_id)

    def former_or_not(self, person: Person) -> None:
        """Assign a former owner of the account again, or no longer."""
        for former in self._formers(person):
            assigned = self.world.okta.assigned
            if assigned.pop(former, None) is None and person.okta_user_id in assigned:
                assigned[former] = replace(assigned[person.okta_user_id], okta_user_id=former)

    def hide_former_or_show(self, person: Person) -> None:
        """Leave a former owner of the account out of the listing, or in it again."""
        self.world.okta.hidden ^= set(self._formers(person))

    def answer_former_or_not(self, person: Person) -> None:
        """Answer nothing about a former owner of the account, or the truth again."""
        self.world.okta.unanswered ^= set(self._formers(person))

    def _formers(self, person: Person) -> list[str]:
        formers = [one for _, one in self.world.owners.get(person.account_id, []) if one != person.okta_user_id]
        return self._rng.sample(formers, min(1, len(formers)))


DRIFT_BETWEEN_RUNS: Final = 0.6
STAYS: Final = 0.3

_PASSES: Final[Mapping[str, tuple[int, Move]]] = {
    "somebody is another one, and it is pushed": (4, lambda one, who: one.become_another(who, lands=True)),
    "somebody is another one, and the push is lost": (8, lambda one, who: one.become_another(who, lands=False)),
    "a former one is assigned or not": (4, DisputeSchedule.former_or_not),
    "the listing hides a former one or shows": (3, DisputeSchedule.hide_former_or_show),
    "Okta answers or not about a former one": (2, DisputeSchedule.answer_former_or_not),
}

_DRIFTS: Final[Mapping[str, tuple[int, Move]]] = {
    **_PASSES,
    "Okta unassigned": (6, lambda one, who: one.world.unassign(who)),
    "Okta deactivated": (2, lambda one, who: one.world.dismiss(who)),
    "the listing hid or showed": (6, MOVES["the listing hides or shows"][1]),
}
"""What has happened before the first run and between two runs, how often beside the others, and how."""

DISPUTE_MOVES: Final[Mapping[str, tuple[int, Move]]] = {**MOVES, **_PASSES}
"""What can happen, how often beside the others, and how."""
