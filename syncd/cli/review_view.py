"""How an access review is shown."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import click

from syncd.cli.console import heading, print_table, say
from syncd.cli.operator import told
from syncd.cli.reporting import SHOWN
from syncd.core.rejections import Remediation
from syncd.core.reviews import Decision, Review, ReviewItem, count_decisions


def review_as_json(review: Review, counts: Mapping[str, int] | None = None) -> dict[str, Any]:
    """Return a review as JSON, without its accounts."""
    first, last = review.period
    closing = review.closing
    return {
        "id": review.review_id,
        "state": _state(review),
        "scope": review.scope.value,
        "period": {"first": first.isoformat(), "last": last.isoformat()},
        "reviewer": review.reviewer,
        "due": review.due.isoformat() if review.due else None,
        "opened": told(review.opened),
        "openedBy": review.opened_by,
        "population": {"size": review.size, "sha256": review.digest, **review.generated},
        "checkpoint": review.checkpoint.as_json() if review.checkpoint else None,
        "counts": dict(counts) if counts is not None else None,
        "closed": closing
        and {
            "at": told(closing.at),
            "by": closing.actor,
            "signOff": closing.sign_off,
            "undecidedAs": closing.undecided_as.value if closing.undecided_as else None,
            "decisionsSha256": closing.digest,
        },
    }


def item_as_json(item: ReviewItem, outcome: Remediation | None) -> dict[str, Any]:
    """Return an account of a review as JSON, with what was decided and what became of a rejection."""
    decided = item.decided
    return {
        **item.entry.as_json(),
        "row": item.digest,
        "decision": decided.decision.value if decided else None,
        "reviewer": decided.reviewer if decided else None,
        "reason": decided.reason if decided else None,
        "decidedAt": told(decided.at) if decided else None,
        "outcome": outcome.as_json() if outcome else None,
    }


def summary_of(review: Review, counts: Mapping[str, int], today: date) -> dict[str, object]:
    """Return a review as a row of a list."""
    first, last = review.period
    undecided = counts["undecided"]
    is_late = bool(review.due and undecided and review.closing is None and review.due < today)
    return {
        "id": review.review_id,
        "state": _state(review),
        "scope": review.scope.value,
        "period": f"{first}..{last}",
        "reviewer": review.reviewer,
        "due": f"{review.due}{' (over)' if is_late else ''}" if review.due else "",
        "decided": f"{review.size - undecided} of {review.size}",
        "rejected": counts[Decision.REJECT],
    }


def show_review(review: Review, items: Sequence[ReviewItem], outcomes: Mapping[str, Remediation]) -> None:
    """Print a review: what it stands on, and its accounts, those first that somebody has to do something about."""
    first, last = review.period
    snapshot, accounts = review.generated["snapshot"], review.generated["accounts"]
    heading(f"Review {review.review_id} of {first}..{last}: {_state(review)}, reviewer {review.reviewer}")
    say(f"Population: {review.size} accounts of the scope {review.scope}, read at {accounts['readAt']}")
    say(f"            {accounts['all']} accounts, {accounts['open']} of them open; SHA-256 {review.digest}")
    say(
        f"Snapshot:   {snapshot['id']}, sealed {snapshot['sealed']}, {snapshot['rows']} rows, {snapshot['pages']} pages"
    )
    counts = count_decisions(items)
    say(f"Decisions:  {', '.join(f'{count} {name}' for name, count in counts.items() if count) or 'none'}")
    if review.closing:
        say(f"Closed:     {told(review.closing.at)} on the word of {review.closing.sign_off}")
        say(f"            SHA-256 {review.closing.digest}")
    say()
    order = {None: 0, Decision.REJECT: 1}
    ordered = sorted(items, key=lambda one: order.get(one.decided.decision if one.decided else None, 2))
    print_table(
        ("user name", "owner", "route", "privileged", "groups", "decision", "by", "why"),
        map(_row, ordered[:SHOWN]),
    )
    if len(items) > SHOWN:
        say(f"... and {len(items) - SHOWN} more; --json and --csv FILE have them all")
    names = {one.entry.account_id: one.entry.user_name for one in items}
    if outcomes:
        heading("\nWhat became of the rejections")
    for account_id, outcome in list(outcomes.items())[:SHOWN]:
        say(f"{names[account_id]}: {outcome.told}")
    if len(outcomes) > SHOWN:
        say(f"... and {len(outcomes) - SHOWN} more; --json has them all")


def say_rejected(app: str, count: int) -> None:
    """Print what has to follow after rejections."""
    if count:
        click.secho(
            f"{count} rejected: the next run plans to close them; the plan then waits for an approval.", fg="yellow"
        )
        say(f"To see it: syncd reconcile --app {app}")
        say("Take the assignments away in Okta too: its next push would open the accounts again.")


def _state(review: Review) -> str:
    return "closed" if review.closing else "open"


def _row(item: ReviewItem) -> tuple[object, ...]:
    entry, decided = item.entry, item.decided
    return (
        entry.user_name,
        entry.owner,
        entry.route,
        {True: "yes", False: "", None: "?"}[entry.privileged],
        ", ".join(entry.groups),
        decided.decision.value if decided else "",
        decided.reviewer if decided else "",
        decided.reason if decided else "",
    )
