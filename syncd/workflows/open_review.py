"""Open an access review: take a snapshot that can be believed, and freeze the population."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from scim.resource import timestamp
from syncd.core.changes import Cause
from syncd.core.policy import Policy
from syncd.core.rejections import Rejections
from syncd.core.reviews import (
    LONGEST_TEXT,
    MOST_REVIEWED,
    OLDEST_SNAPSHOT,
    Entry,
    Review,
    ReviewItem,
    Scope,
    population_digest,
    row_digest,
)
from syncd.core.subjects import Account, MarkKind
from syncd.ports import Database, Ground, UnitOfWork
from syncd.workflows.decide import RefusedDecisionError

_HOURS: Final = int(OLDEST_SNAPSHOT.total_seconds()) // 3600


@dataclass(frozen=True, slots=True)
class NewReview:
    """What is to be reviewed, by whom, and when. `snapshot_id` is None for the youngest snapshot there is."""

    review_id: str
    scope: Scope
    period: tuple[date, date]
    reviewer: str
    due: date | None = None
    snapshot_id: str | None = None


def open_review(database: Database, app: str, cause: Cause, policy: Policy, wanted: NewReview) -> Review:
    """Open a review of the accounts that are open now, with what the snapshot says of them, and return it.

    Raises `RefusedDecisionError` when there is no snapshot of a finished run that is young enough, or nobody to review.
    """
    with database.reading(app) as unit:
        now = unit.decisions.now()
        _refuse(wanted, policy, now)
        ground = _ground(unit, app, wanted.snapshot_id, now)
        entries = tuple(_entries(unit, policy, wanted.scope, ground))
        generated = _generated(unit, policy, ground, entries, now)
    if not entries:
        raise RefusedDecisionError(
            f"no open account of {app} is in the scope {wanted.scope}: there is nothing to review"
        )
    with database.transaction(app, cause) as unit:
        review = Review(
            review_id=wanted.review_id,
            scope=wanted.scope,
            period=wanted.period,
            reviewer=wanted.reviewer.strip(),
            due=wanted.due,
            snapshot_id=ground.manifest.snapshot_id,
            digest=population_digest(entries),
            size=len(entries),
            generated=generated,
            checkpoint=unit.newest_checkpoint(),
            opened=unit.decisions.now(),
            opened_by=cause.actor,
        )
        unit.reviews.open(review, [ReviewItem(one, row_digest(review.review_id, one)) for one in entries])
    return review


def _refuse(wanted: NewReview, policy: Policy, now: datetime) -> None:
    first, last = wanted.period
    refusals = {
        "a review needs the name of its reviewer: --reviewer NAME": not wanted.reviewer.strip(),
        f"the reviewer has more than {LONGEST_TEXT} characters": len(wanted.reviewer) > LONGEST_TEXT,
        f"the period ends on {last}, before it begins on {first}": last < first,
        f"{wanted.due} is over: give a later --due": wanted.due is not None and wanted.due < now.date(),
        "nobody says who is privileged: name the groups that administer the application, guard.admin_groups": (
            wanted.scope is Scope.PRIVILEGED and not policy.admin_groups
        ),
    }
    for refusal, applies in refusals.items():
        if applies:
            raise RefusedDecisionError(refusal)


def _ground(unit: UnitOfWork, app: str, snapshot_id: str | None, now: datetime) -> Ground:
    ground = unit.reviews.ground(snapshot_id)
    remedy = f"Run first: syncd drift-report --app {app}"
    if ground is None:
        which = (
            f"{snapshot_id} is no sealed snapshot of a finished run" if snapshot_id else "there is no sealed snapshot"
        )
        raise RefusedDecisionError(f"{which} whose rows are kept (those of the last two are). {remedy}")
    sealed = ground.manifest.sealed
    if now - sealed > OLDEST_SNAPSHOT:
        what = f"snapshot {ground.manifest.snapshot_id} was sealed at {sealed:%Y-%m-%d %H:%M} UTC"
        raise RefusedDecisionError(
            f"{what}, more than {_HOURS} hours ago: who has access may be another one now. {remedy}"
        )
    return ground


# ------------------------------------------------------------------ the population


def _entries(unit: UnitOfWork, policy: Policy, scope: Scope, ground: Ground) -> Iterator[Entry]:
    """Yield the accounts of the scope, with what people and the policy say of them."""
    admins = unit.admins(policy.admin_groups) if policy.admin_groups else None
    marks = _marks(unit)
    only = _only(unit, scope, admins)
    count = 0
    for entry in unit.reviews.population(ground.manifest.snapshot_id, only):
        if scope is Scope.DIRECT and entry.route != "USER":
            continue
        count += 1
        if count > MOST_REVIEWED:
            what = f"more than {MOST_REVIEWED} accounts are in the scope {scope}"
            raise RefusedDecisionError(f"{what}: review a smaller one, as --scope privileged")
        privileged = None if admins is None else entry.account_id in admins
        found = marks.get(entry.account_id, frozenset()) | frozenset(entry.marks)
        if policy.protects(_account_of(entry)):
            found |= {MarkKind.PROTECTED}
        yield replace(entry, privileged=privileged, marks=tuple(sorted(found)))


def _only(unit: UnitOfWork, scope: Scope, admins: frozenset[str] | None) -> Collection[str] | None:
    """Return the ids of the accounts that alone can be in the scope, or None where any can."""
    if scope is Scope.PRIVILEGED:
        return admins or ()
    if scope is not Scope.REJECTED:
        return None
    rejections = Rejections.among(unit.reviews.rejections())
    again = {account.id for one in rejections.of_people for account in unit.find_accounts(one)}
    return again | rejections.of_accounts.keys()


def _marks(unit: UnitOfWork) -> Mapping[str, frozenset[MarkKind]]:
    found: dict[str, frozenset[MarkKind]] = {}
    for mark in unit.decisions.marks():
        found[mark.account_id] = found.get(mark.account_id, frozenset()) | {mark.kind}
    return found


def _account_of(entry: Entry) -> Account:
    """Return as much of the account as says whether the policy protects it."""
    return Account(
        entry.account_id, entry.user_name, entry.owner, active=True, origin=entry.origin, protected=False, version=0
    )


def _generated(
    unit: UnitOfWork, policy: Policy, ground: Ground, entries: tuple[Entry, ...], now: datetime
) -> Mapping[str, Any]:
    """Return how the population came about: what an auditor asks for to believe that it is complete and accurate."""
    manifest, count = ground.manifest, unit.reviews.headcount()
    listed = sum(entry.assignment_status is not None for entry in entries)
    return {
        "source": {
            "endpoint": f"GET /api/v1/apps/{manifest.identity.okta_app_id}/users?expand=user",
            "application": manifest.identity.okta_app_id,
            "label": manifest.identity.app_label,
            "credentialDigest": manifest.identity.credential_digest,
            "filterDigest": manifest.identity.filter_digest,
        },
        "snapshot": {
            "id": manifest.snapshot_id,
            "run": ground.run_id,
            "started": timestamp(manifest.started),
            "sealed": timestamp(manifest.sealed),
            "pages": manifest.pages,
            "rows": manifest.rows,
        },
        "accounts": {
            "readAt": timestamp(now),
            "all": count.accounts,
            "open": count.active,
            "closedLeftOut": count.accounts - count.active,
            "reviewed": len(entries),
            "listedByOkta": listed,
            "notListedByOkta": len(entries) - listed,
        },
        "adminGroups": sorted(policy.admin_groups),
        "policy": policy.digest(),
    }
