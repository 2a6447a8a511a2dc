"""Every guard of accounts that several people may have, taken away: what the schedules of disputes have to notice."""

from collections.abc import Mapping
from typing import Any, Final

from syncd.core import guard
from syncd.core.subjects import Lookup, Presence, Subject
from syncd.store import claimants
from syncd.workflows import apply_plan as kernel
from syncd.workflows import disputes as asking
from syncd.workflows.disputes import Disputes
from tests.proof.mutants import Mutant, swap, together, without_check

NO_DISPUTE: Final = "it is not in dispute whose the account is"


def _unlooked_at() -> Any:
    """Know of claimants, and do nothing about it."""
    return together(
        swap(Subject, "contenders", ()), swap(kernel, "_contended", lambda *_: None), without_check(NO_DISPUTE)
    )


def _unasked_is_negative() -> Any:
    """Take whoever Okta does not answer about for somebody without access."""
    real, refutes = asking.ask_claimants, guard.refutes_claimant

    def believe(said: Presence | None) -> Presence | None:
        return Presence.UNASSIGNED if said in {None, Presence.UNKNOWN} else said

    def ask(*args: Any) -> Disputes:
        told = real(*args).claimants
        return Disputes({one: {who: believe(said) for who, said in each.items()} for one, each in told.items()})

    def refuted(who: str, lookup: Lookup) -> str | None:
        return None if lookup.presence is Presence.UNKNOWN else refutes(who, lookup)

    return together(swap(asking, "ask_claimants", ask), swap(kernel, "refutes_claimant", refuted))


DISPUTE_MUTANTS: Final[Mapping[str, Mutant]] = {
    "a dispute that is not listed is over": lambda: swap(claimants, "hold_against", lambda *_: None),
    "whose an account was is forgotten": lambda: swap(claimants, "note_former", lambda *_: None),
    "whoever claims an account is not looked at": _unlooked_at,
    "who is not answered about has no access": _unasked_is_negative,
    "a claimant is not asked about again": lambda: swap(kernel, "_contended", lambda *_: None),
}
"""What is taken away, by name."""
