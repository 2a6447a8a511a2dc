"""`syncd review`."""

import os
from datetime import date
from pathlib import Path
from typing import Any

import click

from syncd.cli.console import print_json, print_table, say
from syncd.cli.failures import Failure
from syncd.cli.operator import cause, opened
from syncd.cli.options import app_option, config_option, json_option
from syncd.cli.review_view import (
    item_as_json,
    review_as_json,
    say_rejected,
    show_review,
    summary_of,
)
from syncd.core.review_sheet import LARGEST_SHEET
from syncd.core.reviews import Decision, Scope

_DECISIONS = click.Choice([Decision.APPROVE.value, Decision.REJECT.value])
_OUTCOMES = click.Choice([Decision.REJECT.value, Decision.KEEP.value])


class Day(click.ParamType):  # type: ignore[type-arg]  # generic only to the checker
    """A day: 2026-12-24."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day; refuse what is none."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no day: write 2026-12-24", param, ctx)


class Period(click.ParamType):  # type: ignore[type-arg]  # generic only to the checker
    """Two days: 2026-10-01..2026-12-31."""

    name = "period"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[date, date]:
        """Return the first and the last day; refuse what is no period."""
        if isinstance(value, tuple):
            return value
        first, dots, last = value.partition("..")
        if not dots:
            self.fail(f"{value!r} is no period: write 2026-10-01..2026-12-31", param, ctx)
        return Day().convert(first, param, ctx), Day().convert(last, param, ctx)


@click.group("review")
def command() -> None:
    """Review who has access: open a review on a sealed snapshot, decide, close it; what is rejected becomes a plan."""


@command.command("open")
@click.option("--period", type=Period(), required=True, metavar="FROM..TO", help="What it is about: two days.")
@click.option("--reviewer", required=True, metavar="NAME", help="Who reviews; an e-mail address is best.")
@click.option("--due", type=Day(), metavar="DAY", help="The last day to decide.")
@click.option(
    "--scope",
    type=click.Choice([one.value for one in Scope]),
    default=Scope.ALL.value,
    show_default=True,
    help="Which open accounts; direct: not assigned by a group; rejected: rejected before, and not approved since.",
)
@click.option("--snapshot", "snapshot_id", metavar="ID", help="The snapshot to stand on. Default: the youngest one.")
@config_option
@app_option
@json_option
def open_command(
    period: tuple[date, date],
    reviewer: str,
    due: date | None,
    scope: str,
    snapshot_id: str | None,
    config_path: Path | None,
    app_name: str | None,
    as_json: bool,
) -> int:
    """Freeze who has access now, beside what Okta said in a snapshot that is younger than a day."""
    from syncd.bootstrap.system import new_id
    from syncd.workflows.open_review import NewReview, open_review

    wanted = NewReview(f"r-{new_id()[:8]}", Scope(scope), period, reviewer, due, snapshot_id)
    with opened(config_path, app_name) as (settings, name, store):
        review = open_review(store, name, cause(), settings.apps[name].policy(), wanted)
    if as_json:
        print_json(review_as_json(review))
        return 0
    say(f"Review {review.review_id}: {review.size} accounts for {review.reviewer}, population {review.digest}.")
    say(f"To decide: syncd review show {review.review_id} --app {name} --csv FILE, then syncd review decide")
    return 0


@command.command("list")
@config_option
@app_option
@json_option
def list_reviews(config_path: Path | None, app_name: str | None, as_json: bool) -> int:
    """List the reviews, youngest first, and how far they are."""
    with opened(config_path, app_name) as (_, name, store), store.reading(name) as unit:
        today = unit.decisions.now().date()
        found = unit.reviews.all()
    if as_json:
        print_json([review_as_json(review, counts) for review, counts in found])
    elif found:
        rows = [summary_of(review, counts, today) for review, counts in found]
        print_table(tuple(rows[0]), (tuple(row.values()) for row in rows))
    else:
        say(f"{name} has had no review yet. Begin with: syncd review open --app {name} --period FROM..TO --reviewer R")
    return 0


@command.command()
@click.argument("review_id")
@click.option("--csv", "csv_path", type=click.Path(path_type=Path), help="Write it as CSV, for a spreadsheet.")
@config_option
@app_option
@json_option
def show(review_id: str, csv_path: Path | None, config_path: Path | None, app_name: str | None, as_json: bool) -> int:
    """Show a review: how its population came about, each account, what was decided, and what became of it."""
    from syncd.core.review_sheet import write_sheet
    from syncd.core.reviews import count_decisions
    from syncd.workflows.review_access import find_review

    with opened(config_path, app_name) as (_, name, store), store.reading(name) as unit:
        review = find_review(unit, name, review_id)
        items, outcomes = unit.reviews.items(review_id), unit.reviews.remediations(review_id)
    if csv_path is not None:
        _write(csv_path, write_sheet(review, items))
        click.echo(f"{len(items)} accounts are in {csv_path}. Edit decision and reason only, then:", err=True)
        click.echo(f"syncd review decide {review_id} --app {name} --csv {csv_path} --reviewer NAME", err=True)
    if as_json:
        listed = [item_as_json(one, outcomes.get(one.entry.account_id)) for one in items]
        print_json({**review_as_json(review, count_decisions(items)), "items": listed})
    elif csv_path is None:
        show_review(review, items, outcomes)
    return 0


@command.command()
@click.argument("review_id")
@click.argument("account", required=False)
@click.argument("decision", type=_DECISIONS, required=False)
@click.option("--reviewer", required=True, metavar="NAME", help="Who decided: not the owner of the account.")
@click.option("--reason", default="", metavar="TEXT", help="Why. A rejection needs one.")
@click.option(
    "--csv",
    "csv_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take the decisions of a file that came back, all of them or none.",
)
@config_option
@app_option
def decide(
    review_id: str,
    account: str | None,
    decision: str | None,
    reviewer: str,
    reason: str,
    csv_path: Path | None,
    config_path: Path | None,
    app_name: str | None,
) -> int:
    """Decide about ACCOUNT (a SCIM id, a user name or an Okta user id): approve or reject. Or take a file: --csv.

    Deciding again replaces the decision while the review is open; both are in the audit trail.
    """
    from syncd.core.reviews import Judgement
    from syncd.workflows.review_access import decide_account, decide_sheet

    if (csv_path is None) is (account is None or decision is None) or (csv_path and (account or reason)):
        message = "give an account and approve or reject, or --csv FILE alone"
        raise click.UsageError(message)
    with opened(config_path, app_name) as (_, name, store):
        if csv_path is not None:
            made = decide_sheet(store, name, cause(), review_id, _read(csv_path), reviewer)
            say(f"{len(made)} decisions of {reviewer} are written down.")
        else:
            judgement = Judgement(account or "", Decision(decision or ""), reviewer, reason)
            item = decide_account(store, name, cause(), review_id, judgement)
            made = (judgement,)
            before = f", in place of: {item.decided.decision}" if item.decided else ""
            say(f"{item.entry.user_name} ({item.entry.account_id}): {decision}{before}.")
    say_rejected(name, sum(one.decision is Decision.REJECT for one in made))
    return 0


@command.command()
@click.argument("review_id")
@click.option("--sign-off", required=True, metavar="NAME", help="On whose word; may be the reviewer.")
@click.option("--undecided-as", type=_OUTCOMES, help="What becomes of accounts that nobody decided about.")
@config_option
@app_option
@json_option
def close(
    review_id: str,
    sign_off: str,
    undecided_as: str | None,
    config_path: Path | None,
    app_name: str | None,
    as_json: bool,
) -> int:
    """Close a review for good. Its decisions stand, and get a digest."""
    from syncd.workflows.review_access import close_review

    chosen = Decision(undecided_as) if undecided_as else None
    with opened(config_path, app_name) as (_, name, store):
        review, counts = close_review(store, name, cause(), review_id, sign_off, chosen)
    if as_json:
        print_json(review_as_json(review, counts))
        return 0
    told = ", ".join(f"{count} {decision}" for decision, count in counts.items() if count)
    digest = review.closing.digest if review.closing else ""
    say(f"Review {review_id} is closed on the word of {sign_off}: {told}. Decisions {digest}.")
    say_rejected(name, counts[Decision.REJECT])
    return 0


def _read(path: Path) -> bytes:
    """Return a file, or so much of it that it is refused as too large."""
    with path.open("rb") as file:
        return file.read(LARGEST_SHEET + 1)


def _write(path: Path, content: bytes) -> None:
    """Write a new file that only its owner reads: it names people."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except FileExistsError as error:
        message = f"{path} is there already, and may hold decisions: name another file"
        raise Failure(message) from error
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise Failure(message) from error
