"""`syncd token`."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scim.scopes import ALL_SCOPES
from syncd.cli.console import print_json, print_table, say
from syncd.cli.failures import Failure
from syncd.cli.options import app_option, choose_app, config_option, json_option

if TYPE_CHECKING:
    from syncd.ports import TokenRecord


@click.group("token")
def command() -> None:
    """Make, list and revoke the bearer tokens that Okta authenticates with. Two of an application may live at once."""


@command.command()
@config_option
@app_option
@click.option("--label", default="", help="What the token is for, shown in the list.")
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="How long it is valid.")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(ALL_SCOPES), help="What it may do; repeat it. Default: all."
)
@click.option("--user", "user_id", metavar="ID", help="SCIM id of the user that /Me stands for. Default: nobody.")
@json_option
def create(
    config_path: Path | None,
    app_name: str | None,
    label: str,
    days: int,
    scopes: tuple[str, ...],
    user_id: str | None,
    as_json: bool,
) -> int:
    """Make a token and print it. It is shown this once: only its SHA-256 is kept."""
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import create_token
    from syncd.ports import Grant

    settings = load_settings(config_path)
    name, _ = choose_app(settings, app_name)
    grant = Grant(frozenset(scopes) or None, user_id)
    made = create_token(settings, name, label, timedelta(days=days), grant)
    if as_json:
        expires = f"{made.expires:%Y-%m-%dT%H:%M:%SZ}"
        print_json({"app": name, "id": made.token_id, "token": made.token, "expires": expires})
        return 0
    say(made.token)
    click.echo(
        "\nThis is the only time it is shown. In Okta: Provisioning > Integration > HTTP Header > Authorization.\n"
        f"It is {made.token_id} of {name}, valid until {made.expires:%Y-%m-%d}.",
        err=True,
    )
    return 0


@command.command("list")
@config_option
@app_option
@json_option
def list_tokens(config_path: Path | None, app_name: str | None, as_json: bool) -> int:
    """List an application's tokens: never the tokens themselves."""
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import open_store

    settings = load_settings(config_path)
    name, _ = choose_app(settings, app_name)
    with open_store(settings) as store:
        rows = list(map(_shown, store.list_tokens(name)))
    if as_json:
        print_json(rows)
    elif rows:
        print_table(tuple(rows[0]), (tuple(row.values()) for row in rows))
    else:
        say(f"{name} has no token. Make one: syncd token create --app {name}")
    return 0


@command.command()
@click.argument("token_id")
@config_option
@app_option
def revoke(token_id: str, config_path: Path | None, app_name: str | None) -> int:
    """Revoke the token with that id; it stops working within a second."""
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import open_store

    settings = load_settings(config_path)
    name, _ = choose_app(settings, app_name)
    with open_store(settings) as store:
        revoked = store.revoke_token(name, token_id)
    if not revoked:
        message = f"{name} has no live token {token_id!r}. See: syncd token list --app {name}"
        raise Failure(message)
    say(f"{token_id} is revoked.")
    return 0


def _shown(record: "TokenRecord") -> dict[str, str | None]:
    """Return what the list tells about a token."""
    return {
        "id": record.token_id,
        "label": record.label,
        "scopes": "all" if record.grant.scopes is None else " ".join(sorted(record.grant.scopes)),
        "user": record.grant.user_id,
        "created": f"{record.created:%Y-%m-%d %H:%M}",
        "expires": f"{record.expires:%Y-%m-%d}" if record.expires else None,
        "revoked": f"{record.revoked:%Y-%m-%d %H:%M}" if record.revoked else None,
        "lastUsed": f"{record.last_used:%Y-%m-%d %H:%M}" if record.last_used else None,
    }
