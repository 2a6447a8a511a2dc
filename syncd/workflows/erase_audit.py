"""Erase what is personal in the audit events of somebody: the log still verifies, and tells that it was done."""

from dataclasses import dataclass, replace

from syncd.core.audit_log import ERASED_EVENTS, ERASED_SUBJECT
from syncd.core.changes import Action, Cause
from syncd.ports import Database, Removable, Traces, UnitOfWork


class RefusedErasureError(ValueError):
    """Nothing may be erased; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What an erasure would remove, and what there is beside the log that it does not touch."""

    removable: Removable
    traces: Traces


def preview(database: Database, app: str, subject_id: str) -> Prospect:
    """Return what `erase` would do. Raises `RefusedErasureError`."""
    with database.reading(app) as unit:
        return _prospect(unit, app, subject_id)


def erase(database: Database, app: str, cause: Cause, subject_id: str) -> Removable:
    """Remove salt and personal part of every event about an account, and say so in the log, in one transaction.

    `cause.reason` has to be given; it stays in the log. Raises `RefusedErasureError`; then nothing was removed.
    """
    reason = (cause.reason or "").strip()
    if not reason:
        raise RefusedErasureError("say why it is erased: --reason TEXT. The reason stays in the log: name nobody in it")
    with database.transaction(app, replace(cause, reason=None)) as unit:
        removable = _prospect(unit, app, subject_id).removable
        if removable.events:
            unit.evidence.remove(removable.events)
            detail = {ERASED_SUBJECT: subject_id, "count": len(removable.events), ERASED_EVENTS: removable.events}
            unit.note(Action.AUDIT_ERASED, detail | {"why": reason})
    return removable


def _prospect(unit: UnitOfWork, app: str, subject_id: str) -> Prospect:
    found = unit.account(subject_id)
    # An open account is in use: its events say who gave it access, and its next push would tell all of it anew.
    if found is not None and found[0].active:
        raise RefusedErasureError(
            f"the account {subject_id} of {app} is open: what the log says about it is still needed, and the next push "
            "would write it anew. Deactivate it first"
        )
    removable = unit.evidence.removable(subject_id)
    if not removable.is_account:
        raise RefusedErasureError(
            f"{app} never had an account with the SCIM id {subject_id!r}. `syncd audit history USER` tells the id; a "
            "user name is not taken, because others may have had it"
        )
    return Prospect(removable, unit.evidence.traces(subject_id))
