"""Entries of the audit log as effects on accounts: on whom, by which way, and since when."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from syncd.core.movements import MOVEMENT_OF_EFFECT, Effect, Source
from syncd.workflows.log_records import Entry

_OF_KIND: Final = {"delta": Source.DELTA, "undo": Source.MANUAL}
_PUSHED: Final = "token:"


def effects_of(entries: Iterable[Entry], kinds: Mapping[str, str], owners: Mapping[str, str]) -> Iterator[Effect]:
    """Yield the effects on accounts. `kinds` are those of runs by id, `owners` the Okta user ids by account."""
    for entry in entries:
        if entry.action in MOVEMENT_OF_EFFECT and entry.subject_id:
            yield Effect(
                entry=entry.seq,
                at=entry.at,
                action=entry.action,
                account_id=entry.subject_id,
                user_name=entry.user_name,
                okta_user_id=entry.okta_user_id or owners.get(entry.subject_id),
                actor=entry.actor,
                source=source_of(entry, kinds),
                request_id=entry.request_id,
                run_id=entry.run_id,
            )


def source_of(entry: Entry, kinds: Mapping[str, str]) -> Source:
    """Return by which way an effect came about. Runs over everybody are the nightly way, whoever started them."""
    if entry.run_id:
        return _OF_KIND.get(kinds.get(entry.run_id, ""), Source.NIGHTLY)
    return Source.PUSH if entry.actor.startswith(_PUSHED) else Source.MANUAL
