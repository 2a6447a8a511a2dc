"""Access reviews, as the workflows ask for them; the rules are in `core.reviews` and `core.rejections`."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from syncd.core.rejections import Rejection, Remediation
from syncd.core.reviews import Decision, Entry, Judgement, Review, ReviewItem
from syncd.core.subjects import Account
from syncd.ports.snapshots import Manifest


@dataclass(frozen=True, slots=True)
class Ground:
    """What a review can stand on: a sealed snapshot whose rows are kept, and the run that ended with it."""

    manifest: Manifest
    run_id: str


@dataclass(frozen=True, slots=True)
class Headcount:
    """How many accounts there are, and how many of them are open."""

    accounts: int
    active: int


class Reviews(Protocol):
    """The access reviews of one application. Opening, each decision and closing are audit events too."""

    def ground(self, snapshot_id: str | None = None) -> Ground | None:
        """Return the youngest snapshot that a review can stand on, or that one; None when there is none such."""

    def headcount(self) -> Headcount:
        """Return how many accounts there are now."""

    def population(self, snapshot_id: str, only: Collection[str] | None = None) -> Iterator[Entry]:
        """Yield the open accounts as they are now, with what the snapshot says of them.

        With `only`, those of these SCIM ids. What people and the policy say of an account is left out: `marks` are
        empty and `privileged` is None. To be read to its end within the unit of work.
        """

    def open(self, review: Review, items: Sequence[ReviewItem]) -> None:
        """Keep a new review with its population."""

    def all(self) -> tuple[tuple[Review, Mapping[str, int]], ...]:
        """Return the reviews, youngest first, each with what `core.reviews.count_decisions` says of it."""

    def find(self, review_id: str) -> Review | None:
        """Return the review of that id, or None. Where the unit of work may write, nobody else does until it ends."""

    def items(self, review_id: str) -> tuple[ReviewItem, ...]:
        """Return the accounts of a review with the youngest decision about each, by user name."""

    def decide(self, review_id: str, judgements: Sequence[Judgement]) -> None:
        """Write decisions down, in place of earlier ones. Each is of an account of the review.

        Raises `AlreadyDecidedError` when the review is closed, or there is none of that id.
        """

    def close(self, review_id: str, sign_off: str, undecided_as: Decision | None, digest: str) -> Review:
        """Close a review, and return it. Raises `AlreadyDecidedError` as `decide` does."""

    def rejections(self, account: Account | None = None) -> tuple[Rejection, ...]:
        """Return the rejections in force; with an account, those that could be about it.

        In force is the youngest decision about an account, of whatever review. The rejection of an account that is
        gone is no longer once a later review has decided about another account of the same person.
        """

    def remediations(self, review_id: str) -> Mapping[str, Remediation]:
        """Return what became of each rejection of a review, by account id."""
