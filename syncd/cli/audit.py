"""`syncd audit`."""

import click

from syncd.cli.audit_records import RECORDS


@click.group("audit")
def command() -> None:
    """Prove, export and read what the audit log says, and erase what is personal in it."""


for one in RECORDS:
    command.add_command(one)
