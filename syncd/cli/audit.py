"""`syncd audit`: the log of what happened, sealed, signed and verified."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncd.cli.audit_records import RECORDS
from syncd.cli.console import heading, print_json, print_table, say
from syncd.cli.failures import VERIFICATION_FAILED, Failure
from syncd.cli.options import config_option, json_option

if TYPE_CHECKING:
    from syncd.workflows.verify_audit import Verdict


@click.group("audit")
def command() -> None:
    """Verify the log of what happened, prove and read what it says, and keep its key."""


@command.command()
@config_option
@click.option("--since", type=int, default=0, metavar="SIZE", help="Believe the checkpoint of so many entries.")
@click.option("--pubkey", "pubkeys", multiple=True, metavar="KEY|FILE", help="Trust this key, not the configured one.")
@click.option(
    "--external",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder with heads that were kept elsewhere. Default: audit.heads_folder.",
)
@click.option("--accept-epoch", "epochs", type=int, multiple=True, metavar="N", help="You know why epoch N began.")
@json_option
def verify(
    config_path: Path | None,
    since: int,
    pubkeys: tuple[str, ...],
    external: Path | None,
    epochs: tuple[int, ...],
    as_json: bool,
) -> int:
    """Hash everything again, and hold it against what was signed here and is kept elsewhere.

    Exit codes: 0 it holds, 8 it does not (the first bad record is named first), 78 there is no public key to trust.
    """
    from syncd.bootstrap.auditing import heads_in, trust
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import open_store
    from syncd.bootstrap.system import SystemClock
    from syncd.workflows.verify_audit import Scope, verify_log

    settings = load_settings(config_path)
    believed = trust(settings, pubkeys, epochs)
    folder = external or settings.audit.heads_folder
    heads = heads_in(folder, settings.audit.origin) if folder else []
    with open_store(settings) as store:
        try:
            verdict = verify_log(store.audit_log, believed, Scope(SystemClock().now(), since, heads))
        except ValueError as error:
            raise Failure(f"--since {since}: {error}") from error
    print_json(_verdict_as_json(verdict)) if as_json else _show(verdict, folder)
    return 0 if verdict.holds else VERIFICATION_FAILED


@command.command()
@config_option
@json_option
def status(config_path: Path | None, as_json: bool) -> int:
    """Tell how far the log is sealed and signed, by whom, and where its heads go."""
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import open_store

    settings = load_settings(config_path)
    with open_store(settings) as store, store.audit_log.reading_log() as log:
        head, newest, (waiting, oldest) = log.head(), log.newest_checkpoint(), log.pending()
    told: dict[str, Any] = {
        "origin": settings.audit.origin,
        "epoch": head.epoch,
        "entries": head.size,
        "waiting": waiting,
        "waitingSince": oldest and oldest.isoformat(timespec="seconds"),
        "signed": newest.size if newest else 0,
        "signedAt": newest and newest.signed.isoformat(timespec="seconds"),
        "checkpoint": newest and newest.note,
        "publicKey": settings.audit.public_key,
        "headsFolder": settings.audit.heads_folder and str(settings.audit.heads_folder),
    }
    if as_json:
        print_json(told)
    else:
        print_table(("what", ""), [(name, value) for name, value in told.items() if name != "checkpoint"])
        say(newest.note if newest else "Nothing is signed yet. The worker does it, or: syncd audit seal")
    return 0


@command.command()
@config_option
def seal(config_path: Path | None) -> int:
    """Seal what waits, and sign it where that is due: once, where no worker does it.

    Exit codes: 0 sealed, 6 a worker seals the log, 8 the log does not hold what was signed of it.
    """
    from syncd.bootstrap.auditing import seal_once
    from syncd.bootstrap.head_courier import carry_once
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import open_store

    settings = load_settings(config_path)
    with open_store(settings) as store:
        results = seal_once(settings, store)
        kept_in = carry_once(settings, store)
    signed = [one.checkpoint.size for one in results if one.checkpoint]
    say(f"{sum(one.sealed for one in results)} events sealed. " + (f"Signed: {signed[-1]} entries." if signed else ""))
    for reason in filter(None, (one.why_unsigned for one in results)):
        click.secho(f"Not signed: {reason}", fg="red")
    for way, reason in kept_in.items():
        click.secho(f"The head did not get to the {way}: {reason}", fg="red")
    return 0


@command.command("init-key")
@config_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def init_key(config_path: Path | None, file: Path) -> int:
    """Make the key that signs the log, write it to FILE, and print the public one.

    Nothing is overwritten. The key carries the name that audit.origin gives the log.
    """
    from syncd.bootstrap.settings import load_settings
    from syncd.signing import SigningKey, write_signing_key

    signing = SigningKey.new(load_settings(config_path).audit.origin)
    write_signing_key(file, signing)
    say(f"Wrote {file}: only you can read it, and only the worker needs it. Keep a copy where this machine is not.\n")
    heading("Put into the configuration, under [audit]")
    say(f'  signing_key_file = "{file.resolve()}"\n  public_key = "{signing.key}"\n')
    say("Give the public key to whoever verifies: an auditor believes the copy that they hold, not this one.")
    return 0


@command.command("rotate-key")
@config_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def rotate_key(config_path: Path | None, file: Path) -> int:
    """Let another key sign from here on, write it to FILE, and have both keys sign that.

    The worker must not run meanwhile: it holds the log. Whoever trusts the old key is led to the new one by the log.
    """
    from syncd.bootstrap.auditing import rotate_once
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import open_store

    settings = load_settings(config_path)
    with open_store(settings) as store:
        rotated = rotate_once(settings, store, file)
    say(f"From entry {rotated.signed.size - 1} on another key signs. Wrote it to {file}.\n")
    heading("Put into the configuration, under [audit], before the worker starts again")
    say(f'  signing_key_file = "{file.resolve()}"\n  public_key = "{rotated.successor}"')
    if rotated.kept_in:
        click.secho(f"The head did not get out: {rotated.kept_in}. The next one does when that is put right", fg="red")
    return 0


for one in RECORDS:
    command.add_command(one)


def _show(verdict: "Verdict", folder: Path | None) -> None:
    hashed = verdict.size - verdict.started_at
    say(f"{hashed} entries hashed again{f', up to number {verdict.size - 1}' if hashed else ''}.")
    say(f"{verdict.checkpoints} checkpoints, the newest of {verdict.signed} entries.")
    say(f"{verdict.outside} heads kept elsewhere{f' ({folder})' if folder else ''}.")
    say(f"Root {verdict.root.hex()}, epoch {verdict.epoch}. {verdict.pending} events wait to be sealed.")
    if verdict.erased:
        say(f"Of {verdict.erased} entries the personal part was removed, and the log says so.")
    if not verdict.outside:
        say("No head of elsewhere was held against it: that the end was cut off would not be seen.")
    for fault in verdict.faults:
        click.secho(f"{fault.kind}: {fault.message}", fg="red")
    click.secho("The log holds." if verdict.holds else "The log does NOT hold.", fg="green" if verdict.holds else "red")


def _verdict_as_json(verdict: "Verdict") -> dict[str, Any]:
    return {
        "holds": verdict.holds,
        "verifiedAt": datetime.now(UTC).isoformat(timespec="seconds"),  # noqa: TID251 -- no decision hangs on it
        "from": verdict.started_at,
        "entries": verdict.size,
        "root": verdict.root.hex(),
        "epoch": verdict.epoch,
        "checkpoints": verdict.checkpoints,
        "signed": verdict.signed,
        "headsElsewhere": verdict.outside,
        "pending": verdict.pending,
        "erased": verdict.erased,
        "faults": [{"kind": one.kind.value, "entry": one.seq, "message": one.message} for one in verdict.faults],
    }
