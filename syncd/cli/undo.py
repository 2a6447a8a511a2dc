"""`syncd undo`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncd.cli.console import announce, heading, print_json, print_table, say, silent
from syncd.cli.next_steps import approving, may_be_approved
from syncd.cli.operator import actor
from syncd.cli.options import app_option, choose_app, config_option, json_option, quiet_option
from syncd.cli.reporting import show_message, show_outcomes
from syncd.workflows.running import ExitCode

if TYPE_CHECKING:
    from syncd.core.planning import Plan
    from syncd.workflows.running import RunResult


@click.command()
@click.argument("run_id")
@click.option("--apply", "apply_it", is_flag=True, help="Carry the plan out. Without it, the plan is only shown.")
@click.option(
    "--expect-digest", metavar="DIGEST", help="Carry out only the plan of this digest, the one that was read."
)
@config_option
@app_option
@json_option
@quiet_option
def command(
    run_id: str,
    apply_it: bool,
    expect_digest: str | None,
    config_path: Path | None,
    app_name: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Restore what the run RUN_ID changed, where nothing has changed since and Okta bears it out.

    An account is opened again only for somebody who is assigned now. Exit codes: 0 nothing to undo or all of it undone,
    2 there is something to undo, 3 Okta cannot be read, 4 above a threshold, 5 another plan than expected, 6 another
    run holds the application, 7 undone in part.
    """
    from syncd.bootstrap.okta import run_desk
    from syncd.bootstrap.settings import load_settings
    from syncd.workflows.undo import undo

    settings = load_settings(config_path)
    name, _ = choose_app(settings, app_name)
    with run_desk(settings, name, silent if quiet else announce, actor=actor()) as desk:
        plan, result = undo(desk, run_id, apply=apply_it, expected_digest=expect_digest)
    if as_json:
        items = [item.as_json() for item in plan.items]
        left = [{"account": one.account_id, "userName": one.user_name, "reason": one.reason} for one in plan.deferred]
        told = {"exitCode": int(result.exit_code), "message": result.message, "plan": plan.digest}
        print_json({**told, "items": items, "left": left, "outcomes": [one.as_json() for one in result.outcomes]})
        return int(result.exit_code)
    _show(plan)
    show_outcomes([one.as_json() for one in result.outcomes])
    show_message(result.message, result.exit_code)
    _say_what_next(f"syncd undo {run_id} --app {name} --apply", name, plan, result, apply_it=apply_it)
    return int(result.exit_code)


def _say_what_next(command: str, name: str, plan: "Plan", result: "RunResult", *, apply_it: bool) -> None:
    """Print how a plan that was not carried out can be; `command` is what would. A plan is kept by --apply alone."""
    if result.exit_code == ExitCode.BLOCKED:
        if not may_be_approved(result.standing):
            return
        if apply_it:
            say(f"To have it approved: {approving(plan.digest, name)}")
            say("Then give the same command again.")
        else:
            say(f"To have it approved, first: {command}")
    elif plan.items and not apply_it:
        say(f"To carry it out: {command} --expect-digest {plan.digest}")


def _show(plan: "Plan") -> None:
    heading(f"Plan {plan.digest}: {len(plan.items)} to be undone")
    if plan.items:
        print_table(("effect", "user name", "why"), ((item.effect, item.user_name, item.reason) for item in plan.items))
    for one in plan.deferred:
        say(f"Left as it is: {one.user_name}: {one.reason}")
