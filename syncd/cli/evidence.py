"""`syncd evidence`."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click

from syncd.cli.console import announce, heading, print_json, print_table, say, silent
from syncd.cli.failures import SOURCE_UNHEALTHY, Failure
from syncd.cli.operator import Moment, cause
from syncd.cli.options import app_option, choose_app, config_option, json_option, quiet_option

_COUNTED: Final = {
    "population": "joiners, movers and leavers",
    "matched": "joined to what was done here",
    "unmatched": "not joined, with the reason",
    "breaches": "took longer than allowed",
    "unexplained": "done here without an event in Okta",
    "records": "entries of the audit log, each with its proof",
    "runs": "runs",
    "missed": "runs that were missed",
    "quarantines": "plans that were stopped",
}


class LastMoment(Moment):
    """The end of a period: a day alone means up to its end."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the moment behind the period."""
        moment = super().convert(value, param, ctx)
        is_day = isinstance(value, str) and "T" not in value and " " not in value.strip()
        return moment + timedelta(days=1) if is_day else moment


@click.group()
def command() -> None:
    """Make evidence of a period for auditors, and check it with nothing but a public key."""


@command.command("pack")
@config_option
@app_option
@click.option("--from", "start", type=Moment(), required=True, help="The first day, or moment, in UTC.")
@click.option(
    "--to", "end", type=LastMoment(), required=True, help="The last day, or the moment behind the last, in UTC."
)
@click.option(
    "--key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with the audit log's private key, which signs the pack. Default: audit.signing_key.",
)
@click.option("--out", type=click.Path(path_type=Path), help="The file to write. Default: APP-FROM-TO.evidence.zip.")
@click.option(
    "--log-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="An exported System Log, one event a line, where Okta's own does not go back far enough.",
)
@click.option("--seed", metavar="TEXT", help="What samples are drawn with. Default: the root of the signed checkpoint.")
@click.option(
    "--sample", type=click.IntRange(1, 10_000), metavar="N", help="Rows in each sample. Default: sample_size."
)
@json_option
@quiet_option
def pack(
    config_path: Path | None,
    app_name: str | None,
    start: datetime,
    end: datetime,
    key: Path | None,
    out: Path | None,
    log_file: Path | None,
    seed: str | None,
    sample: int | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Write the evidence of a period into one zip.

    Exit codes: 0 written, 3 written and not complete, because Okta's System Log or the audit log could not be read to
    its end; the pack says so, and why.
    """
    from syncd.bootstrap.evidence import Asked, pack_evidence
    from syncd.bootstrap.settings import load_settings
    from syncd.core.sampling import refuse_seed

    if seed is not None and (why := refuse_seed(seed)):
        raise click.BadParameter(why, param_hint="--seed")
    settings = load_settings(config_path)
    name, _ = choose_app(settings, app_name)
    _refuse_period(start, end)
    file = out or Path(f"{name}-{start:%Y%m%d}-{end - timedelta(microseconds=1):%Y%m%d}.evidence.zip")
    if file.exists():
        message = f"{file}: there is a file already, and evidence is never overwritten. Name another with --out"
        raise Failure(message)
    asked = Asked(name, start, end, cause(), key, log_file, seed, sample)
    made = pack_evidence(settings, asked, silent if quiet else announce)
    _write(file, made.pack.content)
    told = {
        "file": str(file),
        "manifest": made.pack.manifest_digest,
        "complete": not made.gaps,
        "gaps": list(made.gaps),
    }
    if as_json:
        print_json({**told, "counts": dict(made.pack.counts)})
    else:
        heading(f"{file}: {len(made.pack.content)} bytes")
        _show_counts(made.pack.counts)
        for gap in made.gaps:
            click.secho(f"Not complete: {gap}", fg="red")
        say(f"To check: syncd evidence verify {file} --pubkey KEY")
    return SOURCE_UNHEALTHY if made.gaps else 0


@command.command("verify")
@click.argument("pack", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--pubkey", metavar="KEY", required=True, help="The log's public key, or a file with it.")
@click.option("--witness-key", "witness_keys", metavar="KEY", multiple=True, help="A witness that has to have signed.")
@json_option
def verify(pack: Path, pubkey: str, witness_keys: tuple[str, ...], as_json: bool) -> int:
    """Check a pack with nothing but itself and the public key.

    No configuration, database or network is used. Exit codes: 0 it holds, 8 it does not; the first file that fails is
    named.
    """
    from syncd.bootstrap.auditing import public_key
    from syncd.bootstrap.evidence import verify_pack

    found = verify_pack(pack, public_key(pubkey), tuple(map(public_key, witness_keys)))
    manifest = found.manifest
    if as_json:
        print_json({**manifest, "erased": found.erased, "olderKeys": found.older_keys, "witnesses": [*found.witnesses]})
        return 0
    heading(f"{pack}: it holds. Every byte is as it was signed")
    say(f"Evidence of {manifest['app']} from {manifest['period']['from']} up to {manifest['period']['to']}")
    size = manifest["checkpoint"]["size"]
    say(f"Made {manifest['made']} by syncd {manifest['syncd']}, bound to {size} entries of the audit log")
    complete = f"Complete: {manifest['systemLog']['from']}"
    say(complete if manifest["complete"] else "It says of itself that it is NOT complete:")
    for gap in manifest["gaps"]:
        say(f"  {gap}")
    _show_counts(manifest["counts"])
    if found.erased:
        say(f"{found.erased} records had their personal part erased; what is left of them holds")
    if found.older_keys:
        say(f"{found.older_keys} checkpoints are by another key; that the log grew from them is proved")
    for witness in found.witnesses:
        say(f"Seen by the witness {witness}")
    return 0


def _show_counts(counts: Any) -> None:
    print_table(("how many", "what"), ((counts[name], words) for name, words in _COUNTED.items()))


def _refuse_period(start: datetime, end: datetime) -> None:
    from syncd.bootstrap.system import SystemClock

    if start >= end:
        raise click.BadParameter(f"the period ends at {end:%Y-%m-%dT%H:%M} and begins after that", param_hint="--from")
    if start >= SystemClock().now():
        raise click.BadParameter("the period has not begun yet", param_hint="--from")


def _write(file: Path, content: bytes) -> None:
    """Write a new file that its owner alone may read: it names people."""
    import os

    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        message = f"{file}: it cannot be written: {error}"
        raise Failure(message) from error
    with os.fdopen(handle, "wb") as written:
        written.write(content)
        written.flush()
        os.fsync(written.fileno())
