"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from syncd.cli.failures import Failure
from syncd.core.situations import Situation

if TYPE_CHECKING:
    from syncd.config import AppSettings, Settings

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

CONFIG_HELP = "The configuration file. Default: $SYNCD_CONFIG, then /etc/syncd/config.toml."


def config_option(function: Decorated) -> Decorated:
    """Add --config."""
    return click.option("--config", "config_path", type=click.Path(path_type=Path), help=CONFIG_HELP)(function)


def app_option(function: Decorated) -> Decorated:
    """Add --app."""
    text = "The application, as named under [apps]. May be left out where there is one only."
    return click.option("--app", "app_name", metavar="NAME", help=text)(function)


def json_option(function: Decorated) -> Decorated:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")(function)


def quiet_option(function: Decorated) -> Decorated:
    """Add --quiet."""
    return click.option("--quiet", "-q", is_flag=True, help="Show no progress.")(function)


def filled(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Return what an option was given, or None without it. Raises `click.BadParameter` where it is blank.

    A blank one comes from a variable that is not set: nobody means by it what leaving the option out means.
    """
    if value is not None and not value.strip():
        raise click.BadParameter("it must not be empty; leave the option out instead")
    return value


def situations(names: str, option: str) -> frozenset[Situation]:
    """Return the situations that an option names, separated by commas. Raises `click.BadParameter`."""
    try:
        return frozenset(Situation(name.strip()) for name in names.split(","))
    except ValueError as error:
        message = f"{error}. Situations: {', '.join(Situation)}"
        raise click.BadParameter(message, param_hint=option) from error


def choose_app(settings: "Settings", app_name: str | None) -> tuple[str, "AppSettings"]:
    """Return the application that is meant.

    Raises `Failure` naming the applications there are, when none of that name is configured, or when several are and
    none is named.
    """
    if app_name is None and len(settings.apps) == 1:
        return next(iter(settings.apps.items()))
    names = ", ".join(settings.apps) or "none"
    if app_name is None:
        message = (
            f"which application? Configured: {names}. Name one with --app, or add [apps.NAME] to the configuration"
        )
        raise Failure(message)
    if app_name not in settings.apps:
        message = f"no application {app_name!r} in the configuration. Configured: {names}. Add [apps.{app_name}] to it"
        raise Failure(message)
    return app_name, settings.apps[app_name]
