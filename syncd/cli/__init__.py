"""The command line.

Owns: words, tables, progress and exit codes; one module a command. Never: decides, or talks to a database, to Okta or
to a socket other than through `bootstrap`. May import: everything; heavy imports stay inside the command, so that
`--help` answers at once.
"""

import importlib
import sys
from typing import Any, Final

import click

from syncd import __version__
from syncd.cli.failures import exit_code_of

COMMANDS: Final = {
    "demo": "syncd.cli.demo",
    "init": "syncd.cli.init",
    "config": "syncd.cli.config",
    "db": "syncd.cli.db",
    "token": "syncd.cli.token",
    "leniencies": "syncd.cli.leniencies",
    "serve": "syncd.cli.serve",
    "worker": "syncd.cli.worker",
    "up": "syncd.cli.up",
    "drift-report": "syncd.cli.drift_report",
    "reconcile": "syncd.cli.reconcile",
    "plan": "syncd.cli.plan",
    "quarantine": "syncd.cli.quarantine",
    "explain": "syncd.cli.explain",
    "mark": "syncd.cli.mark",
    "waiver": "syncd.cli.waiver",
    "review": "syncd.cli.review",
    "undo": "syncd.cli.undo",
    "audit": "syncd.cli.audit",
    "evidence": "syncd.cli.evidence",
    "notify": "syncd.cli.notify",
    "storm": "syncd.cli.storm",
    "witness": "syncd.cli.witness",
    "simulate": "syncd.cli.simulate",
}
"""Each module has a click command called `command`. The order is that of the help."""


class LazyGroup(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """Return the command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, message="%(version)s")
def syncd() -> None:
    """Keep an application's accounts true to Okta: SCIM 2.0 endpoint, nightly reconciliation, drift reports.

    Start with `syncd demo`, which needs no configuration, then `syncd init`.
    """


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; every failure is told on standard error in words."""
    try:
        result: Any = syncd.main(args=arguments, prog_name="syncd", standalone_mode=False)
    except Exception as error:  # noqa: BLE001  # the last place where a failure can be put into words
        return exit_code_of(error)
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        return 130
    return result if isinstance(result, int) else 0
