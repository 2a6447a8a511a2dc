"""`syncd mark`."""

from datetime import datetime
from pathlib import Path

import click

from syncd.cli.console import print_json, print_table, say
from syncd.cli.operator import Moment, cause, opened, told
from syncd.cli.options import app_option, config_option, json_option
from syncd.core.subjects import MarkKind

_KINDS = click.Choice([kind.value for kind in MarkKind])


@click.group("mark")
def command() -> None:
    """Say of an account what no plan may forget: protected, hold, exempt or correlate-later.

    protected: never touched, drift on it is an alarm. hold: nothing happens until the mark ends. exempt: out of scope,
    reported as such. correlate-later: never linked by a plan.
    """


@command.command()
@click.argument("user")
@click.argument("kind", type=_KINDS)
@click.option("--reason", required=True, help="Why; it is in the audit trail.")
@click.option("--until", type=Moment(), metavar="WHEN", help="When the mark ends, UTC. Default: when it is taken off.")
@config_option
@app_option
def add(
    user: str, kind: str, reason: str, until: datetime | None, config_path: Path | None, app_name: str | None
) -> int:
    """Put a mark on USER: a user name, a work e-mail address, a SCIM id or an Okta user id."""
    from syncd.workflows.decide import mark_account

    with opened(config_path, app_name) as (_, name, store):
        account = mark_account(store, name, cause(reason), user, MarkKind(kind), until)
    say(f"{account.user_name} ({account.id}) is marked: {kind}{f', until {told(until)}' if until else ''}.")
    return 0


@command.command()
@click.argument("user")
@click.argument("kind", type=_KINDS)
@click.option("--reason", required=True, help="Why; it is in the audit trail.")
@config_option
@app_option
def remove(user: str, kind: str, reason: str, config_path: Path | None, app_name: str | None) -> int:
    """Take a mark off USER."""
    from syncd.workflows.decide import unmark_account

    with opened(config_path, app_name) as (_, name, store):
        account = unmark_account(store, name, cause(reason), user, MarkKind(kind))
    say(f"{account.user_name} ({account.id}) is no longer marked: {kind}.")
    return 0


@command.command("list")
@config_option
@app_option
@json_option
def list_marks(config_path: Path | None, app_name: str | None, as_json: bool) -> int:
    """List the marks in force."""
    with opened(config_path, app_name) as (_, name, store), store.reading(name) as unit:
        rows = [
            {
                "userName": one.user_name,
                "account": one.account_id,
                "mark": one.kind.value,
                "since": told(one.since),
                "until": told(one.until),
                "by": one.actor,
                "reason": one.reason,
            }
            for one in unit.decisions.marks()
        ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(tuple(rows[0]), (tuple(row.values()) for row in rows))
    else:
        say(f"Nobody of {name} is marked.")
    return 0
