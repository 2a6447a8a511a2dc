"""What reviewers decide in an access review, one by one or by a spreadsheet, and its end."""

from collections.abc import Sequence

from scim.resource import fold
from syncd.core.changes import Cause
from syncd.core.review_sheet import SheetRefusedError, read_sheet
from syncd.core.reviews import (
    UNDECIDED,
    Decision,
    Judgement,
    Review,
    ReviewItem,
    count_decisions,
    decisions_digest,
    refuse_closing,
    refuse_judgement,
)
from syncd.ports import Database, UnitOfWork
from syncd.workflows.decide import RefusedDecisionError

MOST_PROBLEMS = 20
"""How many lines of a refused sheet are told."""


def decide_account(database: Database, app: str, cause: Cause, review_id: str, judgement: Judgement) -> ReviewItem:
    """Write down a decision, and return what it is about, as it was before.

    The account of the judgement is named by its SCIM id, its user name or its Okta user id. An earlier decision about
    it is replaced. Raises `RefusedDecisionError`.
    """
    with database.transaction(app, cause) as unit:
        _open_review(unit, app, review_id)
        item = _one(unit.reviews.items(review_id), judgement.account_id, app, review_id)
        named = Judgement(
            item.entry.account_id, judgement.decision, judgement.reviewer.strip(), judgement.reason.strip()
        )
        refusal = refuse_judgement(item.entry, named)
        if refusal:
            raise RefusedDecisionError(refusal)
        unit.reviews.decide(review_id, [named])
    return item


def decide_sheet(
    database: Database, app: str, cause: Cause, review_id: str, content: bytes, reviewer: str
) -> tuple[Judgement, ...]:
    """Write down the decisions of a sheet that came back, all of them or none, and return those that are new.

    Raises `RefusedDecisionError` with the lines that are wrong.
    """
    # What was reviewed does not change, so a long sheet is read without holding anybody up.
    with database.reading(app) as unit:
        review, items = _open_review(unit, app, review_id), unit.reviews.items(review_id)
    try:
        judgements = read_sheet(content, review, items, reviewer)
    except SheetRefusedError as error:
        told = [*error.problems[:MOST_PROBLEMS]]
        more = len(error.problems) - len(told)
        told += [f"and {more} more"] if more else []
        raise RefusedDecisionError("nothing of the file was taken:\n  " + "\n  ".join(told)) from error
    with database.transaction(app, cause) as unit:
        _open_review(unit, app, review_id)
        unit.reviews.decide(review_id, judgements)
    return judgements


def close_review(
    database: Database, app: str, cause: Cause, review_id: str, sign_off: str, undecided_as: Decision | None
) -> tuple[Review, dict[str, int]]:
    """Close a review on somebody's word; return it, and how many accounts there are of each decision.

    What is undecided becomes what `undecided_as` says, and is written down so. Raises `RefusedDecisionError`.
    """
    with database.transaction(app, cause) as unit:
        review = _open_review(unit, app, review_id)
        items = unit.reviews.items(review_id)
        refusal = refuse_closing(items, sign_off, undecided_as)
        if refusal:
            raise RefusedDecisionError(refusal)
        left = [one.entry.account_id for one in items if one.decided is None]
        if left and undecided_as is not None:
            by_default = [Judgement(one, undecided_as, sign_off.strip(), UNDECIDED) for one in left]
            unit.reviews.decide(review_id, by_default)
            items = unit.reviews.items(review_id)
        digest = decisions_digest(review, items)
        used = undecided_as if left else None
        return unit.reviews.close(review_id, sign_off.strip(), used, digest), count_decisions(items)


def find_review(unit: UnitOfWork, app: str, review_id: str) -> Review:
    """Return the review of that id. Raises `RefusedDecisionError` when there is none."""
    review = unit.reviews.find(review_id)
    if review is None:
        raise RefusedDecisionError(f"no review of {app} has the id {review_id!r}. See: syncd review list --app {app}")
    return review


def _open_review(unit: UnitOfWork, app: str, review_id: str) -> Review:
    review = find_review(unit, app, review_id)
    if review.closing is not None:
        what = f"review {review_id} was closed at {review.closing.at:%Y-%m-%d %H:%M} UTC on the word of"
        raise RefusedDecisionError(f"{what} {review.closing.sign_off}: to decide otherwise, open another one")
    return review


def _one(items: Sequence[ReviewItem], key: str, app: str, review_id: str) -> ReviewItem:
    by_id = [one for one in items if key in {one.entry.account_id, one.entry.owner}]
    found = by_id or [one for one in items if fold(one.entry.user_name) == fold(key)]
    if len(found) == 1:
        return found[0]
    if not found:
        which = f"syncd review show {review_id} --app {app}"
        raise RefusedDecisionError(f"review {review_id} has no account {key!r}. See: {which}")
    ids = ", ".join(one.entry.account_id for one in found)
    raise RefusedDecisionError(
        f"{key!r} names {len(found)} accounts of review {review_id}: {ids}. Give one of these ids"
    )
