"""`syncd explain`."""

from pathlib import Path

import click

from syncd.cli.console import announce, heading, print_json, print_table, say
from syncd.cli.failures import Failure
from syncd.cli.options import app_option, choose_app, config_option, json_option
from syncd.workflows.explain import Explanation
from syncd.workflows.explain_person import PersonExplanation
from syncd.workflows.judgement import Judgement
from syncd.workflows.timeline import Entry


@click.command()
@click.argument("user")
@config_option
@app_option
@json_option
def command(user: str, config_path: Path | None, app_name: str | None, as_json: bool) -> int:
    """Say why an account is as it is, or why there is none, and what the next run would do about it.

    USER is a user name, a work e-mail address, a SCIM id or an Okta user id. Where no account has it, it may be the
    name or the id of somebody whom Okta assigns, or of an account that was deleted here. Okta is asked now; where
    groups = true, about the pushed groups too. The timeline merges pushes, events of Okta's System Log, plans,
    decisions and what was done by hand, each with the time of the clock it was written down by.
    """
    from syncd.bootstrap.okta import run_desk
    from syncd.bootstrap.settings import load_settings
    from syncd.workflows.explain import explain
    from syncd.workflows.explain_person import explain_people

    settings = load_settings(config_path)
    name, _ = choose_app(settings, app_name)
    with run_desk(settings, name, announce) as desk:
        explanations: tuple[Explanation | PersonExplanation, ...] = explain(desk, user) or explain_people(desk, user)
    if not explanations:
        message = f"no account of {name} has the user name, work e-mail, SCIM id or Okta user id {user!r}"
        raise Failure(message)
    if as_json:
        print_json([explanation.as_json() for explanation in explanations])
        return 0
    for explanation in explanations:
        if isinstance(explanation, Explanation):
            show_explanation(explanation)
        else:
            show_person(explanation, name)
    return 0


def show_explanation(explanation: Explanation) -> None:
    """Print an account, what Okta says of it now, what holds an effect back, its groups, and what happened so far."""
    account, lookup = explanation.account, explanation.lookup
    heading(f"{account.user_name} ({account.id})")
    say(f"Here:      {'open' if account.active else 'closed'}, version {account.version}, made by {account.origin}")
    say(f"Okta now:  {f'{lookup.presence}: {lookup.detail}' if lookup else 'not asked: no Okta user id is known'}")
    _show_judgement(explanation.judgement, [f"Linked by: {key}" for key in explanation.keys])
    print_table(
        ("group", "here", "in Okta", "said"),
        (
            (one.name, "member" if one.is_here else "NO", one.in_okta or "not asked", one.detail)
            for one in explanation.memberships
        ),
    )
    _show_timeline(explanation.timeline)


def show_person(explanation: PersonExplanation, app: str) -> None:
    """Print somebody who has no account, what Okta says of them now, what a run would do, and what happened so far."""
    lookup, grace = explanation.lookup, explanation.grace_hours
    heading(f"{explanation.user_name or 'not in the last listing'} (Okta {explanation.okta_user_id})")
    buried = f"no account any more: {explanation.tombstone} was deleted" if explanation.tombstone else "no account"
    say(f"Here:      {buried}")
    say(f"Okta now:  {lookup.presence}: {lookup.detail}")
    lasting = f", once it lasts for {grace:g} hours" if grace is not None else ""
    told = [f"Mode:      {explanation.mode}{lasting}"]
    told += [f"Points to: account {one}: syncd explain {one} --app {app}" for one in explanation.accounts]
    _show_judgement(explanation.judgement, told)
    _show_timeline(explanation.timeline)


def _show_judgement(judgement: Judgement, beside: list[str]) -> None:
    finding = judgement.finding
    say(f"Situation: {finding.situation}: {finding.reason}")
    for line in beside:
        say(line)
    say(f"Next run:  {judgement.verdict}")
    for remedy in judgement.remedies:
        say(f"To change: {remedy}")
    say()
    print_table(("guard", "holds"), ((said, "yes" if holds else "NO") for said, holds in judgement.checks))


def _show_timeline(timeline: tuple[Entry, ...]) -> None:
    if not timeline:
        say("Nothing that happened so far is written down.")
        return
    print_table(
        ("at (UTC)", "from", "what", "by", "said", "run"),
        ((f"{one.at:%Y-%m-%d %H:%M:%S}", one.source, one.what, one.by, one.text, one.run_id) for one in timeline),
    )
