"""`syncd witness`: a witness put together. It reads neither the configuration nor a database."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from syncd.bootstrap.system import SystemClock
from syncd.core.notes import COSIGNATURE, VerifierKey
from syncd.core.witnessing import Logs
from syncd.ports import Announce
from syncd.signing import KeyFileError, SigningKey, is_signed, read_signing_key, write_signing_key
from syncd.telemetry import configure_logging
from syncd.web.front import Bounds, Front
from syncd.web.options import ServerOptions, TlsFiles
from syncd.web.server import serve
from syncd.witness.app import MAXIMUM_BODY, WitnessApp
from syncd.witness.memory import MemoryFile

_QUEUE: Final = 64
_BUFFERED: Final = 4 * 1024 * 1024


def make_witness_key(name: str, path: Path) -> VerifierKey:
    """Write a new private key for a witness, and return the public one. Raises `KeyFileError`."""
    signing = SigningKey.new(name, COSIGNATURE)
    write_signing_key(path, signing)
    return signing.key


def begin_memory(path: Path) -> None:
    """Write the file of a witness that has seen nothing. Raises `MemoryFileError`."""
    MemoryFile(path).begin()


def witness_options(host: str, port: int, tls: Sequence[Path]) -> ServerOptions:
    """Return how a witness listens. `tls` is empty, or certificate and key."""
    bounds = Bounds(body_bytes=MAXIMUM_BODY, threads=4, queue=_QUEUE, buffered_bytes=_BUFFERED)
    return ServerOptions(host=host, port=port, tls=TlsFiles(*tls) if tls else None, bounds=bounds)


def serve_witness(logs: Logs, key_path: Path, state: Path, options: ServerOptions, announce: Announce) -> int:
    """Cosign until told to stop, and return the exit code.

    Raises `KeyFileError`, `MemoryFileError` and `ServeError` before anything is answered.
    """
    signing, memory = read_signing_key(key_path), MemoryFile(state)
    if signing.key.kind != COSIGNATURE:
        raise KeyFileError(f"{key_path}: this is the key of a log; `syncd witness init-key` makes one for a witness")
    memory.read()
    configure_logging("info", "auto", [signing.secret_text()])

    def build(bounds: Bounds) -> Front:
        return Front(WitnessApp(logs, memory, signing, SystemClock(), is_signed), bounds)

    return serve(build, options, lambda address: announce(f"{signing.key.name} cosigns at {address}"))
