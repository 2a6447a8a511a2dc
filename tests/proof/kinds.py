"""The kinds of schedules, by what they are called, and what is taken away under each."""

from collections.abc import Mapping
from typing import Final

from tests.proof.delta import DeltaSchedule
from tests.proof.dispute_mutants import DISPUTE_MUTANTS
from tests.proof.disputes import DisputeSchedule
from tests.proof.exploring import Kind
from tests.proof.group_mutants import GROUP_MUTANTS, LONG_GROUP_MUTANTS
from tests.proof.groups import GroupSchedule, LongGroupSchedule
from tests.proof.logs import LoggedSchedule
from tests.proof.mutants import DELTA_MUTANTS, LONG_MUTANTS, MUTANTS, REVIEW_MUTANTS, WALK_MUTANTS, Mutant
from tests.proof.record_mutants import LOG_MUTANTS, STORM_MUTANTS
from tests.proof.reviews import ReviewSchedule
from tests.proof.schedules import LongSchedule, Schedule
from tests.proof.storms import StormSchedule
from tests.proof.walks import WalkSchedule

FURTHER: Final[Mapping[str, tuple[Kind, Mapping[str, Mutant]]]] = {
    "of many runs": (LongSchedule, LONG_MUTANTS),
    "of walks that are taken up": (WalkSchedule, WALK_MUTANTS),
    "of the delta feed": (DeltaSchedule, DELTA_MUTANTS),
    "with an access review": (ReviewSchedule, REVIEW_MUTANTS),
    "of pushed groups": (GroupSchedule, GROUP_MUTANTS),
    "of pushed groups over many runs": (LongGroupSchedule, LONG_GROUP_MUTANTS),
    "of a log that is sealed": (LoggedSchedule, LOG_MUTANTS),
    "of storms of pushes": (StormSchedule, STORM_MUTANTS),
    "of disputes": (DisputeSchedule, DISPUTE_MUTANTS),
}
"""Those beside the schedules of whole runs."""

KINDS: Final[Mapping[str, tuple[Kind, Mapping[str, Mutant]]]] = {"of whole runs": (Schedule, MUTANTS), **FURTHER}
