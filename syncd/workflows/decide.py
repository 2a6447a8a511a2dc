"""What people decide, written down: marks, waivers, approvals, and the end of a quarantine."""

from dataclasses import replace
from datetime import datetime, timedelta

from syncd.core.changes import Cause
from syncd.core.consents import APPROVAL_LASTS, Approval, Waiver, refuse_waiver
from syncd.core.subjects import Account, MarkKind
from syncd.ports import Database, KeptRun, Quarantine


class RefusedDecisionError(ValueError):
    """The decision may not be made; the message says why, and what to do."""


def mark_account(
    database: Database, app: str, cause: Cause, key: str, kind: MarkKind, until: datetime | None = None
) -> Account:
    """Put a mark on the one account that `key` names, and return the account.

    `cause.reason` says why, and has to be given. Raises `RefusedDecisionError`.
    """
    reason = _given(cause.reason, "a mark needs a reason: --reason TEXT")
    with database.transaction(app, replace(cause, reason=None)) as unit:
        if until is not None and until <= unit.decisions.now():
            raise RefusedDecisionError(f"{until:%Y-%m-%d %H:%M} UTC is over: give a later end")
        account = _one(unit.find_accounts(key), key, app)
        unit.decisions.mark(account.id, kind, reason, until)
    return account


def unmark_account(database: Database, app: str, cause: Cause, key: str, kind: MarkKind) -> Account:
    """Take a mark off the one account that `key` names, and return the account. Raises `RefusedDecisionError`."""
    reason = _given(cause.reason, "say why the mark goes: --reason TEXT")
    with database.transaction(app, replace(cause, reason=None)) as unit:
        account = _one(unit.find_accounts(key), key, app)
        if not unit.decisions.unmark(account.id, kind, reason):
            which = f"syncd mark list --app {app} shows what is marked"
            raise RefusedDecisionError(f"{account.user_name} has no mark {kind}; {which}")
    return account


def give_waiver(database: Database, app: str, cause: Cause, key: str, waiver: Waiver) -> Waiver:
    """Keep a waiver of the one account that `key` names, and return it. Raises `RefusedDecisionError`."""
    with database.transaction(app, cause) as unit:
        account = _one(unit.find_accounts(key), key, app)
        given = replace(waiver, account_id=account.id)
        refusal = refuse_waiver(given, unit.decisions.now())
        if refusal:
            raise RefusedDecisionError(refusal)
        if given.approver.strip().casefold() in {account.user_name.casefold(), account.id}:
            raise RefusedDecisionError("nobody approves a waiver of their own account")
        unit.decisions.waive(account.id, given)
    return given


def end_waiver(database: Database, app: str, cause: Cause, waiver_id: str) -> None:
    """End a waiver before its time. Raises `RefusedDecisionError` when none of that id is in force."""
    reason = _given(cause.reason, "say why the waiver ends: --reason TEXT")
    with database.transaction(app, replace(cause, reason=None)) as unit:
        if not unit.decisions.end_waiver(waiver_id, reason):
            which = f"syncd waiver list --app {app} shows those that are"
            raise RefusedDecisionError(f"no waiver {waiver_id} is in force; {which}")


def approve_plan(
    database: Database, app: str, cause: Cause, named: str, approver: str, lasting: timedelta = APPROVAL_LASTS
) -> tuple[Approval, KeptRun]:
    """Approve the plan of a run or digest, for one application of it; return the approval and the plan.

    Raises `RefusedDecisionError` when there is no such plan.
    """
    reason = _given(cause.reason, "an approval needs a reason: --reason TEXT")
    _given(approver, "an approval needs a name: --by NAME")
    with database.transaction(app, replace(cause, reason=None)) as unit:
        kept = unit.runs.kept(named)
        if kept is None or kept.record.plan_digest is None:
            which = f"syncd plan list --app {app} shows the last ones"
            raise RefusedDecisionError(f"no run of {app} has made a plan {named!r}; {which}")
        return unit.decisions.approve(kept.record.plan_digest, approver, reason, lasting), kept


def release_quarantine(
    database: Database, app: str, cause: Cause, quarantine_id: str, approver: str
) -> tuple[Approval, Quarantine]:
    """Approve the plan that is in quarantine; the run that carries it out ends the quarantine.

    Raises `RefusedDecisionError`.
    """
    found = find_quarantine(database, app, quarantine_id)
    approval, _ = approve_plan(database, app, cause, found.digest, approver)
    return approval, found


def discard_quarantine(database: Database, app: str, cause: Cause, quarantine_id: str) -> Quarantine:
    """End a quarantine without the plan. Raises `RefusedDecisionError`."""
    reason = _given(cause.reason, "say why the plan is discarded: --reason TEXT")
    found = find_quarantine(database, app, quarantine_id)
    with database.transaction(app, replace(cause, reason=None)) as unit:
        unit.decisions.end_quarantine(found.quarantine_id, "discarded", reason)
    return found


def find_quarantine(database: Database, app: str, named: str, *, ended: bool = False) -> Quarantine:
    """Return the standing quarantine of that id, digest or run; with `ended`, where none is, the youngest that was.

    Raises `RefusedDecisionError` when there is none.
    """
    with database.reading(app) as unit:
        found = [
            one
            for one in unit.decisions.quarantines(ended=ended)
            if named in {one.quarantine_id, one.digest, one.run_id}
        ]
    if found:
        return next((one for one in found if one.ended is None), found[0])
    if ended:
        which = f"syncd quarantine list --all --app {app} shows those that were"
        raise RefusedDecisionError(f"no plan {named} was ever in quarantine; {which}")
    which = f"syncd quarantine list --app {app} shows those that are"
    raise RefusedDecisionError(f"no plan {named} is in quarantine; {which}")


def _given(text: str | None, otherwise: str) -> str:
    if text is None or not text.strip():
        raise RefusedDecisionError(otherwise)
    return text.strip()


def _one(accounts: tuple[Account, ...], key: str, app: str) -> Account:
    if len(accounts) == 1:
        return accounts[0]
    if not accounts:
        raise RefusedDecisionError(f"no account of {app} has the user name, work e-mail or id {key!r}")
    ids = ", ".join(account.id for account in accounts)
    raise RefusedDecisionError(f"{key!r} names {len(accounts)} accounts: {ids}. Give one of these ids")
