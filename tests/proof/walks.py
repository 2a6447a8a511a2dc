"""Schedules in which walks die and are taken up, while pushes say again what is there already."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from tests.proof.schedules import MOVES, Move, Schedule
from tests.proof.world import Person


def _push_late(schedule: Any, person: Person) -> None:
    """Deactivate somebody in Okta and lose the push about it, while an older one comes that says nothing new."""
    schedule.world.dismiss(person)
    schedule.world.push(person, active=True)


class WalkSchedule(Schedule):
    """One schedule whose processes die often."""

    runs: ClassVar[int] = 5

    def _moves(self) -> Mapping[str, tuple[int, Move]]:
        return WALK_MOVES


WALK_MOVES: Final[Mapping[str, tuple[int, Move]]] = {
    **MOVES,
    "a push comes late, and says nothing new, for": (30, _push_late),
    "the process dies": (24, Schedule.die),
}
"""What can happen, how often beside the others, and how."""
