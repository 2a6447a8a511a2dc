"""The access reviews of a period, for evidence."""

from collections.abc import Mapping
from dataclasses import dataclass

from syncd.core.movements import Period
from syncd.core.rejections import Remediation
from syncd.core.reviews import Review, ReviewItem
from syncd.ports import Database


@dataclass(frozen=True, slots=True)
class HeldReview:
    """A review with its accounts, and what became of each rejection by account id, as far as is known now."""

    review: Review
    items: tuple[ReviewItem, ...]
    outcomes: Mapping[str, Remediation]


def reviews_in(database: Database, app: str, period: Period) -> tuple[HeldReview, ...]:
    """Return the reviews that were open at some time of the period, oldest first."""
    with database.reading(app) as unit:
        held = [review for review, _ in unit.reviews.all() if _was_open(review, period)]
        return tuple(
            HeldReview(one, unit.reviews.items(one.review_id), unit.reviews.remediations(one.review_id))
            for one in reversed(held)
        )


def _was_open(review: Review, period: Period) -> bool:
    return review.opened < period.end and (review.closing is None or review.closing.at >= period.start)
