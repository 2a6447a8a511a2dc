"""`syncd leniencies`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncd.cli.console import print_json, print_table, say
from syncd.cli.options import choose_app, config_option, json_option

if TYPE_CHECKING:
    from syncd.store.leniencies import LeniencyUse


@click.command("leniencies")
@config_option
@click.option("--app", "app_name", metavar="NAME", help="Of this application only.")
@json_option
def command(config_path: Path | None, app_name: str | None, as_json: bool) -> int:
    """List what the clients of each application needed beyond the standard, how often, and which profiles forgive it.

    A leniency that the application's profile does not have was refused each time.
    """
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import open_store

    settings = load_settings(config_path)
    name = choose_app(settings, app_name)[0] if app_name else None
    with open_store(settings) as store:
        rows = [
            _row(use, settings.apps[use.app].profile) for use in store.leniency_uses(name) if use.app in settings.apps
        ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(tuple(rows[0]), ([_cell(cell) for cell in row.values()] for row in rows))
    else:
        say("No client needed a leniency so far. Counts are written every few seconds.")
    return 0


def _row(use: "LeniencyUse", profile: str) -> dict[str, Any]:
    from scim.tolerance import PROFILES, Leniency

    known = next((one for one in Leniency if one.label == use.name), None)
    forgiving = [one.name for one in PROFILES.values() if known in one.allows]
    return {
        "app": use.app,
        "leniency": use.name,
        "uses": use.uses,
        "first": f"{use.first:%Y-%m-%d %H:%M}",
        "last": f"{use.last:%Y-%m-%d %H:%M}",
        "outcome": "forgiven" if profile in forgiving else "refused",
        "profiles": forgiving,
        "meaning": known.meaning if known else None,
        "who": known.who if known else None,
    }


def _cell(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else value
