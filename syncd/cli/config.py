"""`syncd config`."""

from pathlib import Path

import click

from syncd.cli.console import print_json, print_table, say
from syncd.cli.options import config_option, json_option


@click.group("config")
def command() -> None:
    """Check the configuration."""


@command.command()
@config_option
@json_option
def check(config_path: Path | None, as_json: bool) -> int:
    """Read the configuration without touching anything, and tell every problem at once."""
    from syncd.bootstrap.settings import configuration_origins, okta_lack

    path, rows = configuration_origins(config_path)
    if as_json:
        print_json(
            {"file": str(path) if path else None, "settings": [dict(zip(COLUMNS, row, strict=True)) for row in rows]}
        )
        return 0
    print_table(COLUMNS, rows)
    say(f"{path or 'no file, defaults and environment only'}: nothing wrong.")
    lack = okta_lack(config_path)
    if lack:
        say(f"The endpoint can run. To read Okta as well, this is missing:\n{lack}")
    return 0


COLUMNS = ("setting", "value", "from")
