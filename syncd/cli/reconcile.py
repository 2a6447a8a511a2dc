"""`syncd reconcile`."""

from contextlib import nullcontext
from pathlib import Path

import click

from syncd.cli.console import announce, print_json, say, silent
from syncd.cli.next_steps import after_reconciling, command_with
from syncd.cli.options import app_option, choose_app, config_option, filled, json_option, quiet_option, situations
from syncd.cli.reporting import result_as_json, show_result
from syncd.workflows.running import ExitCode, RunResult


@click.command()
@config_option
@app_option
@click.option("--apply", "apply_it", is_flag=True, help="Carry the plan out. Without it, the plan is only shown.")
@click.option(
    "--as-configured", is_flag=True, help="Carry it out where apps.NAME.apply is true: what a timer calls every night."
)
@click.option(
    "--expect-digest", metavar="DIGEST", help="Carry out only the plan of this digest, the one that was read."
)
@click.option(
    "--only",
    metavar="SITUATION,...",
    callback=filled,
    help="Plan for these situations alone; the report has them all.",
)
@click.option(
    "--despite-window",
    "despite",
    metavar="REASON",
    callback=filled,
    help="Repair in a maintenance window; it is recorded.",
)
@click.option("--accept-rows", type=int, metavar="N", help="Believe a listing of N rows though it shrank; this once.")
@json_option
@quiet_option
def command(
    config_path: Path | None,
    app_name: str | None,
    apply_it: bool,
    as_configured: bool,
    expect_digest: str | None,
    only: str | None,
    despite: str | None,
    accept_rows: int | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Make the application agree with Okta, where that is safe. A dry run unless --apply is given.

    Exit codes: 0 nothing is left to do, 2 drift remains, 3 Okta could not be read completely (nothing was changed), 4
    the plan is above a threshold, 5 the plan is no longer the one expected, 6 another run holds the application, 7
    applied in part.
    """
    from syncd.bootstrap.auditing import sealing_beside_a_run
    from syncd.bootstrap.notifications import telling_afterwards
    from syncd.bootstrap.okta import Wishes, run_desk
    from syncd.bootstrap.settings import load_settings
    from syncd.workflows.reconcile import reconcile

    settings = load_settings(config_path)
    name, app = choose_app(settings, app_name)
    apply_it = apply_it or (as_configured and app.apply)
    chosen = situations(only, "--only") if only is not None else None
    progress = silent if quiet else announce
    with (
        sealing_beside_a_run(settings) if apply_it else nullcontext(),
        telling_afterwards(settings, name) if as_configured else nullcontext(),
        run_desk(settings, name, progress, Wishes(accept_rows, chosen, despite)) as desk,
    ):
        result = reconcile(desk, apply=apply_it, expected_digest=expect_digest)
    if as_json:
        print_json(result_as_json(result))
        return int(result.exit_code)
    show_result(result)
    command = command_with(f"syncd reconcile --app {name}", {"--only": only, "--despite-window": despite})
    _say_what_next(command, result, apply_it=apply_it)
    return int(result.exit_code)


def _say_what_next(command: str, result: RunResult, *, apply_it: bool) -> None:
    """Print how it goes on after a run. `command` is a dry run with the options that it was made with."""
    if result.report is None or not result.report.plan.items:
        return
    to_be_applied = not apply_it or result.exit_code is ExitCode.STALE_PLAN
    for line in after_reconciling(command, result.report, result.outcomes, to_be_applied=to_be_applied):
        say(line)
