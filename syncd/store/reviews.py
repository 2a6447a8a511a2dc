"""Access reviews; see `syncd.ports.Reviews`."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Text, and_, bindparam, exists, func, insert, or_, select, update

from syncd.core.changes import Action
from syncd.core.checkpoints import Checkpoint
from syncd.core.rejections import Rejection, Remediation
from syncd.core.reviews import (
    COUNTED,
    Closing,
    Decided,
    Decision,
    Entry,
    Judgement,
    Review,
    ReviewItem,
    Scope,
)
from syncd.core.subjects import Account
from syncd.ports import AlreadyDecidedError, Ground, Headcount
from syncd.store import remediations, review_population
from syncd.store.audit import write_event
from syncd.store.constructs import database_now, is_one_of
from syncd.store.moments import microseconds, moment_of, optional_moment
from syncd.store.pairing import in_chunks
from syncd.store.review_tables import review, review_item
from syncd.store.scope import Scope as Unit
from syncd.store.tables import AnyRow, resource

_OF_APP: Final = review.c.app == bindparam("of_app")
_ONE: Final = select(review).where(_OF_APP, review.c.id == bindparam("of_review"))
_ONE_LOCKED: Final = _ONE.with_for_update()
_ALL: Final = select(review).where(_OF_APP).order_by(review.c.pk.desc())
_COUNTS: Final = (
    select(review_item.c.review_pk, review_item.c.decision, func.count().label("count"))
    .where(review_item.c.app == bindparam("of_app"))
    .group_by(review_item.c.review_pk, review_item.c.decision)
)
_OPEN: Final = insert(review).returning(review.c.pk)
_ADD: Final = insert(review_item)
_ITEMS: Final = (
    select(review_item)
    .where(review_item.c.app == bindparam("of_app"), review_item.c.review_pk == bindparam("of_pk"))
    .order_by(review_item.c.account_id)
)
_THESE: Final = _ITEMS.where(is_one_of(review_item.c.account_id, bindparam("given", type_=Text())))
_DECIDE: Final = (
    update(review_item)
    .where(
        review_item.c.app == bindparam("of_app"),
        review_item.c.review_pk == bindparam("of_pk"),
        review_item.c.account_id == bindparam("of_account"),
    )
    .values(
        decision=bindparam("new_decision"),
        reviewer=bindparam("new_reviewer"),
        reason=bindparam("new_reason"),
        decided=bindparam("moment"),
    )
)
_NOW: Final = select(database_now())
_LAST: Final = select(func.max(review_item.c.decided)).where(
    review_item.c.app == bindparam("of_app"),
    is_one_of(review_item.c.account_id, bindparam("given", type_=Text())),
)
_CLOSE: Final = (
    update(review)
    .where(_OF_APP, review.c.id == bindparam("of_review"), review.c.closed.is_(None))
    .values(
        closed=database_now(),
        closed_by=bindparam("new_actor"),
        sign_off=bindparam("new_sign_off"),
        undecided_as=bindparam("new_undecided_as"),
        decisions_digest=bindparam("new_digest"),
    )
)

_later: Final = review_item.alias("later")
_is_later: Final = and_(
    _later.c.app == review_item.c.app,
    _later.c.decision.is_not(None),
    or_(
        _later.c.decided > review_item.c.decided,
        and_(_later.c.decided == review_item.c.decided, _later.c.review_pk > review_item.c.review_pk),
    ),
)
_is_of_another_review: Final = _later.c.review_pk != review_item.c.review_pk
_REJECTIONS: Final = (
    select(review_item, review.c.id.label("review_id"), resource.c.pk.label("there"))
    .join(review, review.c.pk == review_item.c.review_pk)
    .outerjoin(resource, and_(resource.c.app == review_item.c.app, resource.c.id == review_item.c.account_id))
    .where(
        review_item.c.app == bindparam("of_app"),
        review_item.c.decision == Decision.REJECT.value,
        ~exists().where(_is_later, _is_of_another_review, _later.c.account_id == review_item.c.account_id),
        or_(
            resource.c.pk.is_not(None),
            ~exists().where(_is_later, _is_of_another_review, _later.c.owner == review_item.c.owner),
        ),
    )
    .order_by(review_item.c.account_id)
)
_ABOUT: Final = _REJECTIONS.where(
    or_(review_item.c.account_id == bindparam("of_account"), review_item.c.owner == bindparam("of_owner"))
)


class SqlReviews:
    """The access reviews of one application, in one unit of work. Times are the database's."""

    def __init__(self, scope: Unit) -> None:
        self._scope = scope

    # -------------------------------------------------------------- what is reviewed

    def ground(self, snapshot_id: str | None = None) -> Ground | None:
        """Return the youngest snapshot that a review can stand on, or that one; None when there is none such."""
        return review_population.ground(self._scope, snapshot_id)

    def headcount(self) -> Headcount:
        """Return how many accounts there are now."""
        return review_population.headcount(self._scope)

    def population(self, snapshot_id: str, only: Collection[str] | None = None) -> Iterator[Entry]:
        """Yield the open accounts as they are now, with what the snapshot says of them; with `only`, some of them."""
        return review_population.read(self._scope, snapshot_id, only)

    def open(self, review: Review, items: Sequence[ReviewItem]) -> None:
        """Keep a new review with its population."""
        self._scope.refuse_reading()
        pk = self._scope.connection.execute(_OPEN, self._row_of(review)).scalar_one()
        rows = [
            {
                "app": self._scope.app,
                "review_pk": pk,
                "account_id": one.entry.account_id,
                "owner": one.entry.owner,
                "entry": one.entry.as_json(),
                "digest": one.digest,
            }
            for one in items
        ]
        if rows:
            self._scope.connection.execute(_ADD, rows)
        first, last = review.period
        told = {
            "review": review.review_id,
            "scope": review.scope.value,
            "period": [first.isoformat(), last.isoformat()],
            "reviewer": review.reviewer,
            "due": review.due.isoformat() if review.due else None,
            "snapshot": review.snapshot_id,
            "population": review.digest,
            "size": review.size,
            "checkpoint": review.checkpoint.as_json() if review.checkpoint else None,
        }
        write_event(self._scope, Action.REVIEW_OPENED, None, told)

    # -------------------------------------------------------------- reading

    def all(self) -> tuple[tuple[Review, Mapping[str, int]], ...]:
        """Return the reviews, youngest first, each with how many accounts there are of each decision."""
        nothing = dict.fromkeys(COUNTED, 0)
        counts: dict[int, dict[str, int]] = {}
        for row in self._execute(_COUNTS):
            counts.setdefault(row.review_pk, {})[row.decision or "undecided"] = row.count
        return tuple((_review_of(row), nothing | counts.get(row.pk, {})) for row in self._execute(_ALL))

    def find(self, review_id: str) -> Review | None:
        """Return the review of that id, or None; held where this unit of work may write."""
        row = self._found(review_id)
        return _review_of(row) if row else None

    def items(self, review_id: str) -> tuple[ReviewItem, ...]:
        """Return the accounts of a review with the youngest decision about each, by user name."""
        row = self._found(review_id)
        found = (_item_of(one) for one in self._execute(_ITEMS, of_pk=row.pk)) if row else ()
        return tuple(sorted(found, key=lambda one: (one.entry.user_name.casefold(), one.entry.account_id)))

    # -------------------------------------------------------------- deciding

    def decide(self, review_id: str, judgements: Sequence[Judgement]) -> None:
        """Write decisions down, in place of earlier ones. Raises `AlreadyDecidedError` when the review is closed."""
        self._scope.refuse_reading()
        row = self._found(review_id)
        if row is None or row.closed is not None:
            raise AlreadyDecidedError(f"review {review_id} is closed, or there is none of that id")
        about = [one.account_id for one in judgements]
        rows = (one for given in in_chunks(about) for one in self._execute(_THESE, of_pk=row.pk, given=given))
        items = {one.account_id: _item_of(one) for one in rows}
        moment = self._moment_after(about)
        changes = [
            {
                "of_app": self._scope.app,
                "of_pk": row.pk,
                "of_account": one.account_id,
                "new_decision": one.decision.value,
                "new_reviewer": one.reviewer,
                "new_reason": one.reason,
                "moment": moment,
            }
            for one in judgements
        ]
        if changes:
            self._scope.connection.execute(_DECIDE, changes)
        for one in judgements:
            self._tell(review_id, items[one.account_id], one)

    def close(self, review_id: str, sign_off: str, undecided_as: Decision | None, digest: str) -> Review:
        """Close a review, and return it. Raises `AlreadyDecidedError` when it is closed, or there is none."""
        actor = self._scope.refuse_reading().actor
        counts = next((counts for one, counts in self.all() if one.review_id == review_id), {})
        told: dict[str, Any] = {
            "new_actor": actor,
            "new_sign_off": sign_off,
            "new_undecided_as": undecided_as.value if undecided_as else None,
            "new_digest": digest,
        }
        if not self._execute(_CLOSE, of_review=review_id, **told).rowcount:
            raise AlreadyDecidedError(f"review {review_id} is closed, or there is none of that id")
        detail = {"review": review_id, "signOff": sign_off, "decisions": digest, "counts": dict(counts)}
        detail["undecidedAs"] = told["new_undecided_as"]
        write_event(self._scope, Action.REVIEW_CLOSED, None, detail)
        return _review_of(self._execute(_ONE, of_review=review_id).one())

    # -------------------------------------------------------------- what follows

    def rejections(self, account: Account | None = None) -> tuple[Rejection, ...]:
        """Return the rejections in force; with an account, those that could be about it."""
        if account is None:
            return tuple(map(_rejection_of, self._execute(_REJECTIONS)))
        about = {"of_account": account.id, "of_owner": account.external_id}
        return tuple(map(_rejection_of, self._execute(_ABOUT, **about)))

    def remediations(self, review_id: str) -> Mapping[str, Remediation]:
        """Return what became of each rejection of a review, by account id."""
        row = self._found(review_id)
        return remediations.read(self._scope, review_id, row.pk) if row else {}

    def _tell(self, review_id: str, item: ReviewItem, judgement: Judgement) -> None:
        before = item.decided
        detail = {
            "review": review_id,
            "row": item.digest,
            "decision": judgement.decision.value,
            "reviewer": judgement.reviewer,
            "why": judgement.reason,
            "replaces": before
            and {"decision": before.decision.value, "reviewer": before.reviewer, "why": before.reason},
        }
        subject = (item.entry.account_id, item.entry.user_name)
        write_event(self._scope, Action.REVIEW_DECIDED, subject, detail)

    def _moment_after(self, account_ids: Iterable[str]) -> int:
        """Return the database's time, or, where its clock has not moved on, one after all decisions about these."""
        last = [self._execute(_LAST, given=given).scalar_one() or 0 for given in in_chunks(account_ids)]
        now: int = self._execute(_NOW).scalar_one()
        return max([now, *(one + 1 for one in last)])

    def _row_of(self, review: Review) -> dict[str, Any]:
        first, last = review.period
        return {
            "app": self._scope.app,
            "id": review.review_id,
            "scope": review.scope.value,
            "period_first": first.isoformat(),
            "period_last": last.isoformat(),
            "reviewer": review.reviewer,
            "due": review.due.isoformat() if review.due else None,
            "snapshot_id": review.snapshot_id,
            "digest": review.digest,
            "size": review.size,
            "generated": dict(review.generated),
            "checkpoint": review.checkpoint.as_json() if review.checkpoint else None,
            "opened": microseconds(review.opened),
            "opened_by": review.opened_by,
        }

    def _found(self, review_id: str) -> AnyRow | None:
        row: AnyRow | None = self._execute(_ONE_LOCKED if self._scope.cause else _ONE, of_review=review_id).first()
        return row

    def _execute(self, statement: Any, **values: Any) -> Any:
        return self._scope.connection.execute(statement, {"of_app": self._scope.app, **values})


def _review_of(row: AnyRow) -> Review:
    closing = None
    if row.closed is not None:
        undecided_as = Decision(row.undecided_as) if row.undecided_as else None
        closing = Closing(moment_of(row.closed), row.closed_by, row.sign_off, undecided_as, row.decisions_digest)
    return Review(
        review_id=row.id,
        scope=Scope(row.scope),
        period=(date.fromisoformat(row.period_first), date.fromisoformat(row.period_last)),
        reviewer=row.reviewer,
        due=date.fromisoformat(row.due) if row.due else None,
        snapshot_id=row.snapshot_id,
        digest=row.digest,
        size=row.size,
        generated=row.generated,
        checkpoint=Checkpoint.from_json(row.checkpoint) if row.checkpoint else None,
        opened=moment_of(row.opened),
        opened_by=row.opened_by,
        closing=closing,
    )


def _item_of(row: AnyRow) -> ReviewItem:
    at = optional_moment(row.decided)
    decided = Decided(Decision(row.decision), row.reviewer, row.reason, at) if at else None
    return ReviewItem(Entry.from_json(row.entry), row.digest, decided)


def _rejection_of(row: AnyRow) -> Rejection:
    at, is_gone = moment_of(row.decided), row.there is None
    return Rejection(row.account_id, row.owner, row.review_id, row.reviewer, row.reason, at, is_gone)
