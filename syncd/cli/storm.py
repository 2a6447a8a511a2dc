"""`syncd storm`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncd.cli.console import print_json, print_table, say
from syncd.cli.failures import Failure
from syncd.cli.operator import cause
from syncd.cli.options import Decorated, app_option, choose_app, config_option, json_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncd.config import Settings
    from syncd.ports import Database
    from syncd.workflows.undo_storm import Closed

SHOWN = 50
FORMATS = ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]


def since_option(function: Decorated) -> Decorated:
    """Add --since."""
    text = "Pushes from this moment on, in UTC. Default: from before the last storm was noticed."
    return click.option("--since", type=click.DateTime(FORMATS), help=text)(function)


@click.group("storm")
def command() -> None:
    """See whom a storm of pushed deactivations closed, and open them again where it was a mistake."""


@command.command("list")
@config_option
@app_option
@since_option
@json_option
def list_closed(config_path: Path | None, app_name: str | None, since: datetime | None, as_json: bool) -> int:
    """List the accounts that pushes closed, and which of them `syncd storm undo` would open again."""
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import open_store
    from syncd.workflows.undo_storm import list_storm

    settings = load_settings(config_path)
    name, _ = choose_app(settings, app_name)
    with open_store(settings) as store:
        begin = _noticed(settings, store, name, since)
        closed = list_storm(store, name, begin) if begin else ()
    if as_json:
        print_json([_as_json(one) for one in closed])
        return 0
    if begin is None:
        say(f"No storm was noticed at {name}. To look all the same, say from when on: --since 2026-01-31T14:00")
        return 0
    _show(closed)
    count = sum(one.objection is None for one in closed)
    if count:
        say(f"To open them: syncd storm undo --app {name} --since {begin:%Y-%m-%dT%H:%M:%SZ} --expect {count}")
    return 0


@command.command()
@config_option
@app_option
@since_option
@click.option("--expect", type=int, required=True, metavar="N", help="Open them only if they are N: what list said.")
@json_option
def undo(config_path: Path | None, app_name: str | None, since: datetime | None, expect: int, as_json: bool) -> int:
    """Open again the accounts that pushes closed, unless they were changed since. Okta is not told.

    A person whose assignment is really gone is closed again by the next run: put it right in Okta first.
    """
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import open_store
    from syncd.workflows.undo_storm import list_storm, undo_storm

    settings = load_settings(config_path)
    name, _ = choose_app(settings, app_name)
    with open_store(settings) as store:
        begin = _begin(settings, store, name, since)
        count = sum(one.objection is None for one in list_storm(store, name, begin))
        if count != expect:
            message = f"{count} accounts would be opened, not {expect}. Nothing was done; read the list again"
            raise Failure(message)
        opened = undo_storm(store, name, cause("a storm of pushes was undone"), begin)
    if as_json:
        print_json([_as_json(one) for one in opened])
    else:
        _show(opened)
        say(f"Opened {sum(one.objection is None for one in opened)} accounts.")
    return 0


@command.command()
@config_option
@app_option
@click.option(
    "--minutes",
    type=click.IntRange(1, 1440),
    default=60,
    show_default=True,
    help="How long any number of them is let through.",
)
def release(config_path: Path | None, app_name: str | None, minutes: int) -> int:
    """Let pushes close accounts again that are held because there were so many (storm_action = "hold")."""
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import open_store
    from syncd.bootstrap.system import SystemClock
    from syncd.workflows.hold_storm import release_storm

    settings = load_settings(config_path)
    name, _ = choose_app(settings, app_name)
    with open_store(settings) as store:
        held = release_storm(store, name, timedelta(minutes=minutes), SystemClock(), cause())
    say(f"{'Released' if held else 'They were not held'}: {name} takes any number for {minutes} minutes.")
    return 0


def _begin(settings: "Settings", store: "Database", app: str, since: datetime | None) -> datetime:
    begin = _noticed(settings, store, app, since)
    if begin is None:
        message = f"no storm was noticed at {app}. Say from when on to look: --since 2026-01-31T14:00"
        raise Failure(message)
    return begin


def _noticed(settings: "Settings", store: "Database", app: str, since: datetime | None) -> datetime | None:
    """Return the moment from which on to look: the one given, or else before the last storm; None without a storm."""
    from syncd.workflows.undo_storm import last_storm

    if since is not None:
        return since.replace(tzinfo=UTC)
    noticed = last_storm(store, app)
    return noticed and (noticed - settings.apps[app].storm_rule().window).replace(microsecond=0)


def _show(closed: "Sequence[Closed]") -> None:
    if not closed:
        say("No push closed an account.")
        return
    rows = ((f"{one.at:%Y-%m-%d %H:%M:%S}", one.user_name or one.account_id, one.objection) for one in closed[:SHOWN])
    print_table(("closed (UTC)", "user name", "why not"), rows)
    if len(closed) > SHOWN:
        say(f"... and {len(closed) - SHOWN} more; --json has them all")


def _as_json(closed: "Closed") -> dict[str, str | None]:
    at = f"{closed.at:%Y-%m-%dT%H:%M:%SZ}"
    return {"at": at, "account": closed.account_id, "userName": closed.user_name, "objection": closed.objection}
