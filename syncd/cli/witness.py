"""`syncd witness`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncd.cli.console import announce, say

if TYPE_CHECKING:
    from syncd.core.witnessing import Logs

_FILE = click.Path(dir_okay=False, path_type=Path)


class _Address(click.ParamType[tuple[str, int]]):
    """HOST:PORT, an IPv6 address in brackets."""

    name = "host:port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        host, _, port = str(value).rpartition(":")
        if not host or not (port.isascii() and port.isdecimal() and int(port) <= 65_535):  # noqa: PLR2004
            self.fail(f"{value!r} is no address; one looks like 127.0.0.1:8181", param, ctx)
        return host.removeprefix("[").removesuffix("]"), int(port)


@click.group("witness")
def command() -> None:
    """Cosign the audit log of another host, so that it cannot be rewritten there alone. Needs no configuration."""


@command.command()
@click.option(
    "--log", "logs", multiple=True, required=True, metavar="KEY", envvar="SYNCD_WITNESS_LOG",
    help="Public key of a log to cosign, as it was printed there; repeat it.",
)  # fmt: skip
@click.option(
    "--epoch", "epochs", multiple=True, metavar="ORIGIN/epoch-N", envvar="SYNCD_WITNESS_EPOCH",
    help="A name under which one of the logs goes on after its database was put back; repeat it.",
)  # fmt: skip
@click.option("--key", "key_path", required=True, type=_FILE, help="The private key to cosign with.")
@click.option("--state", required=True, type=_FILE, help="What was cosigned last of each log; never from a backup.")
@click.option(
    "--bind", type=_Address(), default="127.0.0.1:8181", show_default=True, envvar="SYNCD_WITNESS_BIND",
    help="Where to listen.",
)  # fmt: skip
@click.option(
    "--tls", nargs=2, type=_FILE, metavar="CERTIFICATE KEY", help="PEM files, to serve HTTPS without a proxy in front."
)
def serve(
    logs: tuple[str, ...],
    epochs: tuple[str, ...],
    key_path: Path,
    state: Path,
    bind: tuple[str, int],
    tls: tuple[Path, Path] | None,
) -> int:
    """Answer POST /add-checkpoint (c2sp.org/tlog-witness) until told to stop. Ready when GET /healthz answers 200."""
    from syncd.bootstrap.witnessing import serve_witness, witness_options

    return serve_witness(_trusted(logs, epochs), key_path, state, witness_options(*bind, tls or ()), announce)


@command.command("init-key")
@click.argument("name")
@click.argument("file", type=_FILE)
def init_key(name: str, file: Path) -> int:
    """Make the private key of a witness in FILE, and print the public one. NAME is such as witness.example.com/w1."""
    from syncd.bootstrap.witnessing import make_witness_key
    from syncd.core.notes import is_name

    if not is_name(name):
        message = f"{name!r} cannot be a name: it has no blanks and no plus sign"
        raise click.BadParameter(message, param_hint="NAME")
    say(str(make_witness_key(name, file)))
    announce(f"{file} holds the private key, and never leaves this host. The log is told the public key above.")
    return 0


@command.command("init-state")
@click.argument("file", type=_FILE)
def init_state(file: Path) -> int:
    """Make the memory of a new witness in FILE: it has seen nothing, and believes the first checkpoint of each log."""
    from syncd.bootstrap.witnessing import begin_memory

    begin_memory(file)
    say(f"{file} is the memory of a witness that has seen nothing.")
    return 0


def _trusted(keys: tuple[str, ...], epochs: tuple[str, ...]) -> "Logs":
    from syncd.core.notes import NoteError, VerifierKey
    from syncd.core.witnessing import trusted

    try:
        parsed = [VerifierKey.parse(key) for key in keys]
    except NoteError as error:
        raise click.BadParameter(str(error), param_hint="--log") from error
    try:
        return trusted(parsed, epochs)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--log, --epoch") from error
