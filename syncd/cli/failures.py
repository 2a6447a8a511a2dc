"""How a failure is told, and which exit code it has (design section 9)."""

import sys
import traceback
from typing import Final

import click

ERROR: Final = 1
SOURCE_UNHEALTHY: Final = 3
LEASE_HELD: Final = 6
PARTIAL: Final = 7
VERIFICATION_FAILED: Final = 8
USAGE: Final = 64
CONFIGURATION: Final = 78


class Failure(click.ClickException):
    """A command cannot go on: `message` says what, where and what to do next."""

    exit_code = ERROR


def exit_code_of(error: Exception) -> int:
    """Tell an error on standard error and return the exit code for it.

    An error that nobody foresaw is a bug: it is shown whole, because a person has to report it.
    """
    if isinstance(error, click.UsageError):
        error.show()
        return USAGE
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, click.Abort):
        sys.stderr.write("aborted\n")
        return ERROR
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    code = _foreseen(error)
    if code is None:
        from syncd.telemetry import Redactor

        sys.stderr.write(Redactor()("".join(traceback.format_exception(error))))
        sys.stderr.write("This is a bug in syncd; please report it with the lines above.\n")
        return ERROR
    # Clients of the endpoint see an error's text; whoever types a command may see the driver's own words too.
    reason = getattr(error, "reason", "")
    sys.stderr.write(f"Error: {error}{f' ({reason})' if reason else ''}\n")
    return code


def _foreseen(error: Exception) -> int | None:
    """Return the exit code of an error whose text is written for people, or None."""
    names = {base.__name__ for base in type(error).__mro__}
    return next((code for name, code in _FORESEEN.items() if name in names), None)


# By name, so that telling a failure imports neither the configuration, the store nor the source.
_FORESEEN: Final = {
    "ConfigurationError": CONFIGURATION,
    "SourceUnhealthyError": SOURCE_UNHEALTHY,
    "SchemaBehindError": CONFIGURATION,
    "Unavailable": ERROR,
    "DatabaseFileError": ERROR,
    "TooManyTokensError": ERROR,
    "UnknownUserError": ERROR,
    "RefusedDecisionError": ERROR,
    "AlreadyDecidedError": ERROR,
    "UnknownRunError": ERROR,
    "UnprovableError": ERROR,
    "RefusedErasureError": ERROR,
    "NoReportError": ERROR,
    "ServeError": ERROR,
    "PackError": VERIFICATION_FAILED,
    "NothingSealedError": ERROR,
    "NoteError": ERROR,
    "ControlsError": CONFIGURATION,
    "LogFileError": ERROR,
    "KeyFileError": CONFIGURATION,
    "OutsideError": ERROR,
    "BrokenLogError": VERIFICATION_FAILED,
    "LeaseHeldError": LEASE_HELD,
    "MemoryFileError": CONFIGURATION,
}
