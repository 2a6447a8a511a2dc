"""`syncd audit`, the commands about records: prove, check-proof, export, history, erase."""

import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from syncd.cli.audit_files import STANDARD_OUTPUT, keep_proof, opened_for_lines, read_keys, write_lines
from syncd.cli.audit_telling import show_history, show_prospect, show_proved
from syncd.cli.console import announce, print_json, say
from syncd.cli.failures import PARTIAL, VERIFICATION_FAILED, Failure
from syncd.cli.operator import Moment, cause, opened
from syncd.cli.options import app_option, config_option, json_option

if TYPE_CHECKING:
    from syncd.ports.audit import AuditLog
    from syncd.store import SqlDatabase

_EVENT: Final = "event:"


@click.command()
@click.argument("record", required=False, metavar="[ENTRY]")
@click.option("--subject", metavar="USER", help="Instead of an entry: all entries about this user, into a folder.")
@click.option("--run", metavar="RUN", help="Instead of an entry: all entries of this run, into a folder.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="The file (- for standard output), or the folder. Default: entry-N.tlog-proof here, or the folder proofs.",
)
@click.option("--newest", is_flag=True, help="Against the newest checkpoint. Default: the first that covers it.")
@config_option
@app_option
@json_option
def prove(
    record: str | None,
    subject: str | None,
    run: str | None,
    output: Path | None,
    newest: bool,
    config_path: Path | None,
    app_name: str | None,
    as_json: bool,
) -> int:
    """Write a file that proves a record of the audit log to anybody who has the log's public key.

    ENTRY is the number of an entry, as `syncd audit history` and `export` tell it, or event:N for an event by its
    number. The file has the whole record, personal data included. Exit code 7 when some entries cannot be proved yet.
    """
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import open_store

    if sum(one is not None for one in (record, subject, run)) != 1:
        message = "name one of these: the number of an entry, --subject USER, or --run RUN"
        raise click.UsageError(message)
    if record is None:
        with opened(config_path, app_name) as (_, name, store):
            entries, waiting = _entries(store, name, subject, run)
            return _prove_all(store.audit_log, entries, waiting, output or Path("proofs"), (newest, as_json))
    with open_store(load_settings(config_path)) as store:
        return _prove_one(store.audit_log, record, output, (newest, as_json))


@click.command("check-proof")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--pubkey",
    "given",
    multiple=True,
    required=True,
    metavar="KEY|FILE",
    help="A public key, or a file with one or more, each in a line. May be repeated. A witness's has to have signed.",
)
@json_option
def check_proof(file: Path, given: tuple[str, ...], as_json: bool) -> int:
    """Check a proof with a public key, and tell what it proves. Exit code 8 when it does not hold.

    Nothing else is needed: no database, no configuration, no network.
    """
    from syncd.core.proofs import MOST_SIZE, Fault, Proof, ProofError, check
    from syncd.signing import is_signed

    keys = [key for one in given for key in read_keys(one)]
    try:
        with file.open("rb") as opened_file:
            raw = opened_file.read(4 * MOST_SIZE)
        proved = check(Proof.parse(raw.decode()), keys, is_signed)
    except (ProofError, UnicodeDecodeError) as error:
        fault = error.fault if isinstance(error, ProofError) else Fault.NOT_A_PROOF
        if as_json:
            print_json({"holds": False, "fault": fault.value, "message": str(error)})
        else:
            click.echo(f"DOES NOT HOLD ({fault}): {error}", err=True)
        return VERIFICATION_FAILED
    except OSError as error:
        message = f"{file}: the proof cannot be read: {error.strerror}"
        raise Failure(message) from error
    if as_json:
        print_json({"holds": True, **proved.as_json()})
    else:
        show_proved(proved)
    return 0


@click.command()
@click.option("--app", "app_name", metavar="NAME", help="Whole entries of this application only. Default: of all.")
@click.option("--since", type=Moment(), metavar="WHEN", help="From the first entry of this moment or later on.")
@click.option("--until", type=Moment(), metavar="WHEN", help="Up to the last entry before this moment.")
@click.option("--from", "start", type=click.IntRange(0), default=0, metavar="ENTRY", help="Begin with this entry.")
@click.option("--without-personal", is_flag=True, help="Leave out names and what became what.")
@click.option("--output", type=click.Path(path_type=Path), help="A new file. Default: standard output.")
@config_option
def export(
    app_name: str | None,
    since: datetime | None,
    until: datetime | None,
    start: int,
    without_personal: bool,
    output: Path | None,
    config_path: Path | None,
) -> int:
    """Write the audit log as JSON lines, an entry each, from which its chain can be made again.

    An export that broke off is gone on with by --from, with the number after its last line's.
    """
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import open_store
    from syncd.cli.options import choose_app
    from syncd.workflows.export_audit import Selection, export

    settings = load_settings(config_path)
    app = choose_app(settings, app_name)[0] if app_name else None
    selection = Selection(app, since, until, start, not without_personal)
    with open_store(settings) as store, opened_for_lines(output) as file:
        return write_lines(file, export(store.audit_log, selection), start)


@click.command()
@click.argument("user")
@config_option
@app_option
@json_option
def history(user: str, config_path: Path | None, app_name: str | None, as_json: bool) -> int:
    """Tell everything that the audit log says about an account, the oldest first.

    USER is a user name, a work e-mail address, a SCIM id or an Okta user id, also of an account that was deleted.
    """
    from syncd.workflows.history import history

    with opened(config_path, app_name) as (_, name, store):
        found = history(store, name, user)
    if not found:
        raise _nobody(name, user)
    if as_json:
        print_json([one.as_json() for one in found])
        return 0
    for one in found:
        show_history(one)
    return 0


@click.command()
@click.option("--subject", required=True, metavar="ID", help="The SCIM id: `syncd audit history USER` tells it.")
@click.option("--reason", required=True, help="Why. It stays in the log: name nobody in it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
@app_option
def erase(subject: str, reason: str, yes: bool, config_path: Path | None, app_name: str | None) -> int:
    """Remove what is personal in the audit events about an account, for good. The log still verifies.

    The account has to be closed or deleted. It is shown first what is removed and what is not touched.
    """
    from syncd.workflows.erase_audit import erase, preview

    with opened(config_path, app_name) as (_, name, store):
        prospect = preview(store, name, subject)
        show_prospect(prospect, subject)
        if not prospect.removable.events:
            say("There is nothing to remove.")
            return 0
        if not yes:
            click.confirm("Remove it for good?", abort=True)
        removed = erase(store, name, cause(reason), subject)
    say(f"Removed from {len(removed.events)} events. The log says so in an event of its own.")
    return 0


RECORDS: Final = (prove, check_proof, export, history, erase)
"""The commands of this module, for the group `audit`."""


# ------------------------------------------------------------------ proofs


def _entries(store: "SqlDatabase", app: str, subject: str | None, run: str | None) -> tuple[list[int], int]:
    """Return the entries about a user or of a run, and how many events of theirs wait to become one."""
    with store.reading(app) as unit:
        if run is not None:
            found = [unit.evidence.entries(run_id=run)]
        else:
            found = [unit.evidence.entries(subject_id=one) for one in unit.evidence.subjects(subject or "")]
    entries, waiting = sorted({entry for one, _ in found for entry in one}), sum(count for _, count in found)
    if not entries and not waiting:
        raise _nobody(app, subject) if subject else Failure(f"the log of {app} has nothing of a run {run!r}")
    return entries, waiting


def _prove_one(log: "AuditLog", record: str, output: Path | None, wishes: tuple[bool, bool]) -> int:
    from syncd.core.proofs import ENDING
    from syncd.workflows.prove_audit import entry_of_event, prove

    newest, as_json = wishes
    number = record.removeprefix(_EVENT)
    if not (number.isascii() and number.isdecimal() and len(number) < 19):  # noqa: PLR2004 -- what a database counts to
        message = f"{record!r} is neither the number of an entry nor {_EVENT}N. `syncd audit history USER` tells them"
        raise click.UsageError(message)
    entry = entry_of_event(log, int(number)) if record != number else int(number)
    proof = prove(log, entry, newest=newest)
    if output == STANDARD_OUTPUT:
        sys.stdout.write(str(proof))
        return 0
    path = output or Path(f"entry-{entry}{ENDING}")
    keep_proof(path, proof)
    _tell_proofs({entry: path}, as_json=as_json)
    return 0


def _prove_all(log: "AuditLog", entries: Iterable[int], waiting: int, folder: Path, wishes: tuple[bool, bool]) -> int:
    """Write a proof of each entry that can be proved, and tell how many cannot be yet."""
    from syncd.core.proofs import ENDING
    from syncd.workflows.prove_audit import UncoveredError, prove

    newest, as_json = wishes
    written, uncovered = {}, 0
    for entry in entries:
        path = folder / f"entry-{entry}{ENDING}"
        try:
            keep_proof(path, prove(log, entry, newest=newest))
            written[entry] = path
        except UncoveredError:
            uncovered += 1
    _tell_proofs(written, as_json=as_json)
    if not waiting + uncovered:
        return 0
    announce(
        f"not proved yet: {waiting} events that wait to be sealed, and {uncovered} entries that no checkpoint covers. "
        "`syncd worker` seals and signs, where the log has a key; try again then"
    )
    return PARTIAL


def _tell_proofs(written: Mapping[int, Path], *, as_json: bool) -> None:
    if as_json:
        print_json([{"entry": entry, "file": str(path)} for entry, path in written.items()])
    for path in () if as_json else written.values():
        say(str(path))


def _nobody(app: str, user: str | None) -> Failure:
    return Failure(f"the log of {app} has nothing of a user name, work e-mail, SCIM id or Okta user id {user!r}")
