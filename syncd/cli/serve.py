"""`syncd serve`."""

import re
from pathlib import Path
from typing import Final

import click

from syncd.cli.console import announce
from syncd.cli.options import config_option

_SENDABLE: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""What can stand after "Bearer" (RFC 6750 section 2.1)."""


@click.command()
@config_option
@click.option("--ephemeral", is_flag=True, help="Try it: a throwaway store with one application, gone when it stops.")
@click.option("--host", help="Address to listen on. Default: as configured, or 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port to listen on. Default: as configured, or 8080.")
@click.option("--token", envvar="SYNCD_EPHEMERAL_TOKEN", help="With --ephemeral: the bearer token to accept.")
@click.option(
    "--database-url",
    help="With --ephemeral: PostgreSQL database to make a schema in, dropped at exit. Default: a temporary file.",
)
def command(
    config_path: Path | None,
    ephemeral: bool,
    host: str | None,
    port: int | None,
    token: str | None,
    database_url: str | None,
) -> int:
    """Run the SCIM endpoint until told to stop. Ready when GET /readyz answers 200."""
    from syncd.bootstrap.ephemeral import serve_ephemeral
    from syncd.bootstrap.services import serve
    from syncd.bootstrap.settings import load_settings

    if ephemeral:
        if not token or not _SENDABLE.fullmatch(token):
            message = (
                "--ephemeral needs --token T: the bearer token that clients will send, of letters, digits and -._~+/"
            )
            raise click.UsageError(message)
        return serve_ephemeral(
            token,
            host=host or "127.0.0.1",
            port=8080 if port is None else port,
            database_url=database_url,
            announce=announce,
        )
    if token or database_url:
        message = "--token and --database-url go with --ephemeral; a lasting server has its tokens in the database"
        raise click.UsageError(message)
    settings = load_settings(config_path)
    return serve(settings, announce, host=host, port=port)
