"""`syncd drift-report`."""

from pathlib import Path

import click

from syncd.cli.console import announce, print_json, say, silent
from syncd.cli.options import app_option, choose_app, config_option, quiet_option, situations
from syncd.cli.reporting import result_as_json, show_result
from syncd.core.situations import NO_DRIFT, Situation


@click.command("drift-report")
@config_option
@app_option
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="How.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--fail-on",
    metavar="SITUATION,...",
    help="Exit with 2 only when one of these situations occurs. Default: any but in-sync and unmanaged.",
)
@click.option("--accept-rows", type=int, metavar="N", help="Believe a listing of N rows though it shrank; this once.")
@quiet_option
def command(
    config_path: Path | None,
    app_name: str | None,
    form: str,
    as_json: bool,
    fail_on: str | None,
    accept_rows: int | None,
    quiet: bool,
) -> int:
    """Compare Okta's assignments with the accounts here, and change nothing.

    Exit codes: 0 clean, 2 drift found, 3 Okta could not be read completely (nothing can be said), 4 the plan is above a
    threshold, 6 another run holds the application.
    """
    from syncd.bootstrap.okta import Wishes, run_desk
    from syncd.bootstrap.settings import load_settings
    from syncd.workflows.reconcile import report_drift
    from syncd.workflows.running import ExitCode

    watched = situations(fail_on, "--fail-on") if fail_on else frozenset(Situation) - NO_DRIFT
    settings = load_settings(config_path)
    name, _ = choose_app(settings, app_name)
    with run_desk(settings, name, silent if quiet else announce, Wishes(accept_rows)) as desk:
        result = report_drift(desk)
    if as_json or form == "json":
        print_json(result_as_json(result))
    else:
        show_result(result)
    if result.report and result.exit_code in {ExitCode.DRIFT, ExitCode.BLOCKED}:
        if form == "table" and not as_json and result.report.plan.items:
            say(f"To repair: syncd reconcile --app {name} --apply --expect-digest {result.report.plan.digest}")
        if not result.report.has(watched):
            return int(ExitCode.CLEAN)
    return int(result.exit_code)
