"""Access reviews as files of a pack: one table of the reviews, and one of the accounts of each."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

from syncd.core.reviews import count_decisions
from syncd.core.spreadsheets import write_csv
from syncd.evidence.packing import Supplement
from syncd.workflows.collect_reviews import HeldReview

KIND: Final = "access-review"

_REVIEWS: Final = (
    *("review", "scope", "from", "to", "reviewer", "due", "opened", "openedBy", "snapshot", "accounts", "population"),
    *("checkpoint", "closed", "closedBy", "signOff", "undecidedAs", "decisions", "counts", "howGenerated"),
)
_ITEMS: Final = (
    *("account", "userName", "owner", "kind", "route", "groups", "roles", "privileged", "row"),
    *("decision", "reviewer", "reason", "decidedAt", "done", "outcome"),
)


def review_supplements(reviews: Sequence[HeldReview]) -> Iterator[Supplement]:
    """Yield the files: none where there was no review."""
    if reviews:
        table = write_csv(_REVIEWS, map(_review_row, reviews))
        yield Supplement("reviews.csv", table, "access reviews, how their populations came about, and their ends")
    for one in reviews:
        rows = write_csv(_ITEMS, _item_rows(one))
        holds = "an access review: what was decided about each account, and what became of it"
        yield Supplement(f"reviews/{one.review.review_id}.csv", rows, holds, KIND)


def _review_row(held: HeldReview) -> tuple[object, ...]:
    review, closing = held.review, held.review.closing
    begin, end = review.period
    checkpoint = review.checkpoint
    return (
        *(review.review_id, review.scope.value, begin, end, review.reviewer, review.due, review.opened),
        *(review.opened_by, review.snapshot_id, review.size, f"sha256:{review.digest}"),
        checkpoint.size if checkpoint else None,
        *((closing.at, closing.actor, closing.sign_off, closing.undecided_as) if closing else (None,) * 4),
        f"sha256:{closing.digest}" if closing else None,
        json.dumps(count_decisions(held.items), sort_keys=True),
        json.dumps(dict(review.generated), sort_keys=True),
    )


def _item_rows(held: HeldReview) -> Iterator[tuple[object, ...]]:
    for item in held.items:
        entry, decided = item.entry, item.decided
        outcome = held.outcomes.get(entry.account_id)
        yield (
            *(entry.account_id, entry.user_name, entry.owner, entry.kind, entry.route),
            *(", ".join(entry.groups), ", ".join(entry.roles), entry.privileged, item.digest),
            *((decided.decision.value, decided.reviewer, decided.reason, decided.at) if decided else (None,) * 4),
            *((outcome.is_done, outcome.told) if outcome else (None, None)),
        )
