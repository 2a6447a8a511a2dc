"""`syncd explain`."""

from pathlib import Path

import click

from syncd.cli.console import announce, heading, print_json, print_table, say
from syncd.cli.failures import Failure
from syncd.cli.options import app_option, choose_app, config_option, json_option
from syncd.workflows.explain import Explanation


@click.command()
@click.argument("user")
@config_option
@app_option
@json_option
def command(user: str, config_path: Path | None, app_name: str | None, as_json: bool) -> int:
    """Say why an account is as it is, and what the next run would do about it.

    USER is a user name, a work e-mail address, a SCIM id or an Okta user id. Okta is asked now; where groups = true,
    about the pushed groups too. The timeline merges pushes, events of Okta's System Log, plans, decisions and what was
    done by hand, each with the time of the clock it was written down by.
    """
    from syncd.bootstrap.okta import run_desk
    from syncd.bootstrap.settings import load_settings
    from syncd.workflows.explain import explain

    settings = load_settings(config_path)
    name, _ = choose_app(settings, app_name)
    with run_desk(settings, name, announce) as desk:
        explanations = explain(desk.database, desk.source, name, desk.policy, user)
    if not explanations:
        message = f"no account of {name} has the user name, work e-mail, SCIM id or Okta user id {user!r}"
        raise Failure(message)
    if as_json:
        print_json([explanation.as_json() for explanation in explanations])
        return 0
    for explanation in explanations:
        show_explanation(explanation)
    return 0


def show_explanation(explanation: Explanation) -> None:
    """Print an account, what Okta says of it now, what holds an effect back, its groups, and what happened so far."""
    account, lookup, finding = explanation.account, explanation.lookup, explanation.finding
    heading(f"{account.user_name} ({account.id})")
    say(f"Here:      {'open' if account.active else 'closed'}, version {account.version}, made by {account.origin}")
    say(f"Okta now:  {f'{lookup.presence}: {lookup.detail}' if lookup else 'not asked: no Okta user id is known'}")
    say(f"Situation: {finding.situation}: {finding.reason}")
    for key in explanation.keys:
        say(f"Linked by: {key}")
    say(f"Next run:  {explanation.verdict}")
    for remedy in explanation.remedies:
        say(f"To change: {remedy}")
    say()
    print_table(("guard", "holds"), ((said, "yes" if holds else "NO") for said, holds in explanation.checks))
    print_table(
        ("group", "here", "in Okta", "said"),
        (
            (one.name, "member" if one.is_here else "NO", one.in_okta or "not asked", one.detail)
            for one in explanation.memberships
        ),
    )
    print_table(
        ("at (UTC)", "from", "what", "by", "said", "run"),
        (
            (f"{one.at:%Y-%m-%d %H:%M:%S}", one.source, one.what, one.by, one.text, one.run_id)
            for one in explanation.timeline
        ),
    )
