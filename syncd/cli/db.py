"""`syncd db`."""

from pathlib import Path

import click

from syncd.cli.console import announce, say
from syncd.cli.options import config_option


@click.group("db")
def command() -> None:
    """Create and upgrade the database."""


@command.command()
@config_option
def upgrade(config_path: Path | None) -> int:
    """Bring the database's schema to this version of syncd, and its values to the extensions' definitions.

    Safe to repeat. The schema is upgraded as a whole or not at all; values are worked through in batches. Stop the
    servers before.
    """
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import upgrade_database

    before, after, extensions = upgrade_database(load_settings(config_path), announce)
    say(
        f"The schema is current ({after})."
        if before == after
        else f"Upgraded the schema: {before or 'none'} -> {after}."
    )
    if extensions:
        say(f"Made the values of {extensions} extension{'s' if extensions > 1 else ''} anew.")
    return 0


@command.command()
@config_option
def current(config_path: Path | None) -> int:
    """Print the version of the database's schema."""
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import current_schema

    say(current_schema(load_settings(config_path)) or "none")
    return 0


@command.command()
@config_option
def check(config_path: Path | None) -> int:
    """Exit with 0 when schema and extensions are those that are needed, and say what to do otherwise."""
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import check_schema

    check_schema(load_settings(config_path))
    say("The schema is current.")
    return 0
