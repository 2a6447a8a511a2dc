"""What the System Log says beside a listing, where it can be read. A run goes on without it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from syncd.core.subjects import Subject
from syncd.ports import CursorLostError, Manifest, Place, SourceUnhealthyError
from syncd.workflows.desk import Desk
from syncd.workflows.replay_log import removed_since, take_places

LOOKS_BACK: Final = timedelta(days=2)
"""How far back removals are looked for: more than a night, and more than any two clocks are apart."""


def places_now(desk: Desk) -> Mapping[str, Place]:
    """Return where each clause of the log stands before page one is asked for; nothing where it cannot be read."""
    if desk.log is None:
        return {}
    try:
        return take_places(desk.log)
    except SourceUnhealthyError as error:
        desk.announce(f"going on without the System Log: {error.what}")
        return {}


def with_removals(desk: Desk, subjects: Sequence[Subject], manifest: Manifest) -> tuple[Subject, ...]:
    """Return the subjects, those whom the listing misses with when Okta says that it took their assignment away.

    That is positive evidence: such an account need not be missing from a second snapshot. Asked only where somebody is
    missing.
    """
    lost = {one.candidates[0].account.external_id for one in subjects if one.assignment is None} - {None}
    if desk.log is None or not lost:
        return tuple(subjects)
    try:
        removed = removed_since(desk.log, manifest.started - LOOKS_BACK)
    except (SourceUnhealthyError, CursorLostError) as error:
        desk.announce(f"the System Log does not say who was unassigned: {error.what}")
        return tuple(subjects)
    return tuple(
        replace(one, removed=removed.get(one.candidates[0].account.external_id or ""))
        if one.assignment is None
        else one
        for one in subjects
    )
