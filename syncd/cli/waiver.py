"""`syncd waiver`."""

from datetime import datetime
from pathlib import Path

import click

from syncd.cli.console import print_json, print_table, say
from syncd.cli.operator import Moment, cause, opened, told
from syncd.cli.options import app_option, config_option, json_option
from syncd.core.situations import Situation


@click.group("waiver")
def command() -> None:
    """Accept a drift for a time. It stays in every report, and has no effect until the waiver ends."""


@command.command()
@click.argument("user")
@click.option("--situation", type=click.Choice([one.value for one in Situation]), help="Only this one. Default: any.")
@click.option("--owner", required=True, help="Who answers for it.")
@click.option("--approved-by", "approver", required=True, help="Who approved it: not the owner.")
@click.option("--reason", required=True, help="Why.")
@click.option("--ticket", required=True, help="Where it is told in full.")
@click.option("--until", "expires", type=Moment(), required=True, metavar="WHEN", help="When it ends: within 90 days.")
@config_option
@app_option
def add(
    user: str,
    situation: str | None,
    owner: str,
    approver: str,
    reason: str,
    ticket: str,
    expires: datetime,
    config_path: Path | None,
    app_name: str | None,
) -> int:
    """Accept the drift of USER: a user name, a work e-mail address, a SCIM id or an Okta user id."""
    from syncd.bootstrap.system import new_id
    from syncd.core.consents import Waiver
    from syncd.workflows.decide import give_waiver

    wanted = Situation(situation) if situation else None
    waiver = Waiver(new_id()[:8], "", wanted, owner, approver, reason, ticket, expires)
    with opened(config_path, app_name) as (_, name, store):
        given = give_waiver(store, name, cause(), user, waiver)
    say(f"Waiver {given.waiver_id} accepts {given.situation or 'any drift'} of {user} until {told(given.expires)}.")
    return 0


@command.command()
@click.argument("waiver_id")
@click.option("--reason", required=True, help="Why; it is in the audit trail.")
@config_option
@app_option
def end(waiver_id: str, reason: str, config_path: Path | None, app_name: str | None) -> int:
    """End a waiver before its time."""
    from syncd.workflows.decide import end_waiver

    with opened(config_path, app_name) as (_, name, store):
        end_waiver(store, name, cause(reason), waiver_id)
    say(f"Waiver {waiver_id} has ended.")
    return 0


@command.command("list")
@config_option
@app_option
@json_option
def list_waivers(config_path: Path | None, app_name: str | None, as_json: bool) -> int:
    """List the waivers in force, the one that ends first in front."""
    with opened(config_path, app_name) as (_, name, store), store.reading(name) as unit:
        rows = [
            {
                "id": one.waiver_id,
                "account": one.account_id,
                "situation": one.situation.value if one.situation else "any",
                "owner": one.owner,
                "approver": one.approver,
                "until": told(one.expires),
                "ticket": one.ticket,
                "reason": one.reason,
            }
            for one in unit.decisions.waivers()
        ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(tuple(rows[0]), (tuple(row.values()) for row in rows))
    else:
        say(f"No waiver of {name} is in force.")
    return 0
