"""`syncd worker`."""

from pathlib import Path

import click

from syncd.cli.options import config_option


@click.command()
@config_option
def command(config_path: Path | None) -> int:
    """Run the nightly reconciliation of every application, on its schedule, until told to stop.

    The lease in the database decides who runs: a second worker, or a run by hand, does no harm.
    """
    from syncd.bootstrap.services import run_worker
    from syncd.bootstrap.settings import load_settings

    return run_worker(load_settings(config_path))
