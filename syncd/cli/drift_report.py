"""`syncd drift-report`."""

import io
import sys
from collections.abc import Collection, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from syncd.cli.console import announce, print_json, say, silent
from syncd.cli.files import check_writable, write_private
from syncd.cli.options import app_option, choose_app, config_option, filled, quiet_option, situations
from syncd.cli.reporting import result_as_json, show_message, show_told
from syncd.core.situations import NO_DRIFT, Situation
from syncd.reporting import FORMATS, check, render
from syncd.workflows.evidence import as_json, kept_document
from syncd.workflows.running import ExitCode

if TYPE_CHECKING:
    from syncd.workflows.running import RunResult

TABLE: Final = "table"
_FORMS: Final = [TABLE, *(name for name in FORMATS if ":" not in name)]
_PROFILES: Final = [name.partition(":")[2] for name in FORMATS if ":" in name]
_NO_DRIFT: Final = " and ".join(", ".join(one for one in Situation if one in NO_DRIFT).rsplit(", ", 1))
_TO_BE_REPAIRED: Final = frozenset({ExitCode.DRIFT, ExitCode.BLOCKED})


@click.command("drift-report")
@config_option
@app_option
@click.option("--format", "form", type=click.Choice(_FORMS), default=TABLE, show_default=True, help="How.")
@click.option("--json", "is_json", is_flag=True, help="The same as --format json.")
@click.option("--profile", type=click.Choice(_PROFILES), help="Whose columns, with --format csv.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write it there instead of printing it: at once, and readable by you only.",
)
@click.option(
    "--from-run",
    metavar="ID",
    callback=filled,
    help="Show the report of that run again, byte for byte. Okta is not asked.",
)
@click.option(
    "--fail-on",
    metavar="SITUATION,...",
    callback=filled,
    help=f"Exit with 2 only when one of these situations occurs. Default: any but {_NO_DRIFT}.",
)
@click.option("--accept-rows", type=int, metavar="N", help="Believe a listing of N rows though it shrank; this once.")
@quiet_option
def command(
    config_path: Path | None,
    app_name: str | None,
    form: str,
    is_json: bool,
    profile: str | None,
    output: Path | None,
    from_run: str | None,
    fail_on: str | None,
    accept_rows: int | None,
    quiet: bool,
) -> int:
    """Compare Okta's assignments with the accounts here, and change nothing.

    docs/reports.md tells what each format is for. Exit codes: 0 clean, 2 drift found, 3 Okta could not be read
    completely (nothing can be said), 4 the plan is above a threshold, 6 another run holds the application; with
    --from-run what that run ended with, or 1 where it has no report.
    """
    from syncd.bootstrap.settings import load_settings

    form = _form(form, is_json=is_json, profile=profile)
    watched = situations(fail_on, "--fail-on") if fail_on is not None else frozenset(Situation) - NO_DRIFT
    if from_run is not None and accept_rows is not None:
        raise click.UsageError("--accept-rows is about a listing that is read now, and --from-run reads none.")
    if output:
        check_writable(output)
    settings = load_settings(config_path)
    name, _ = choose_app(settings, app_name)
    if from_run is not None:
        from syncd.bootstrap.stores import open_store

        with open_store(settings) as store:
            document = kept_document(store, name, from_run)
    else:
        from syncd.bootstrap.okta import Wishes, run_desk
        from syncd.workflows.reconcile import report_drift

        with run_desk(settings, name, silent if quiet else announce, Wishes(accept_rows)) as desk:
            result = report_drift(desk)
        if result.document is None:
            return _show_nothing(result, form, output)
        document = result.document
    told = as_json(document)
    _deliver(told, form, output)
    return _exit_code(told, watched)


def _form(form: str, *, is_json: bool, profile: str | None) -> str:
    if is_json and form not in {TABLE, "json"}:
        raise click.UsageError(f"--json and --format {form} contradict one another.")
    form = "json" if is_json else form
    if profile is None:
        return form
    if f"{form}:{profile}" not in FORMATS:
        raise click.UsageError(f"--profile {profile} goes with --format csv.")
    return f"{form}:{profile}"


def _deliver(told: Mapping[str, Any], form: str, output: Path | None) -> None:
    check(told)
    if form == TABLE and output is None:
        _show_table(told)
        return
    content = _table_as_text(told) if form == TABLE else render(told, form)
    if output is None:
        click.echo(content, nl=False)
    else:
        write_private(output, content)
        click.echo(f"Wrote {output} (only you can read it). {told['message']}", err=True)


def _table_as_text(told: Mapping[str, Any]) -> bytes:
    with redirect_stdout(io.StringIO()) as text:
        _show_table(told)
    return text.getvalue().encode()


def _show_table(told: Mapping[str, Any]) -> None:
    show_told(told)
    plan, app = told["report"]["plan"], told["report"]["app"]
    if told["exitCode"] in _TO_BE_REPAIRED and plan["items"] and not told["outcomes"]:
        say(f"To repair: syncd reconcile --app {app} --apply --expect-digest {plan['digest']}")


def _show_nothing(result: "RunResult", form: str, output: Path | None) -> int:
    """Tell why there is no report. A file that is there stays: nothing is no evidence."""
    if output is None and form == "json":
        print_json(result_as_json(result))
    elif output is None and form == TABLE:
        show_message(result.message, result.exit_code)
    else:
        sys.stderr.write(f"Error: {result.message}\nThere is no report; nothing was written.\n")
    return int(result.exit_code)


def _exit_code(told: Mapping[str, Any], watched: Collection[Situation]) -> int:
    code = int(told["exitCode"])
    if code not in _TO_BE_REPAIRED:
        return code
    groups = told["report"]["groups"]
    counts = told["report"]["counts"], groups["counts"] if groups else {}
    occurs = any(one.get(situation.value) for situation in watched for one in counts)
    return code if occurs else int(ExitCode.CLEAN)
