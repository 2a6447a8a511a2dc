"""Witnesses for tests: in this process over real HTTP, and as the real program."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import requests

from syncd.bootstrap.system import SystemClock
from syncd.core.notes import COSIGNATURE, VerifierKey
from syncd.core.witnessing import Seen, trusted
from syncd.signing import SigningKey, is_signed, write_signing_key
from syncd.witness.app import PATH, WitnessApp
from syncd.witness.memory import MemoryFile
from tests.support.program import Program, free_port

NAME = "witness.example/w1"


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        """Say nothing."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False


@dataclass
class LocalWitness:
    """Where a witness listens, its public key, and what it remembers."""

    url: str
    key: VerifierKey
    memory: MemoryFile

    def seen(self, origin: str) -> Seen | None:
        return self.memory.read().get(origin)


@contextmanager
def local_witness(
    folder: Path, keys: Iterable[VerifierKey], epochs: Iterable[str] = (), name: str = NAME
) -> Iterator[LocalWitness]:
    """Run a witness of these logs in this process until the block ends. Its memory is begun where there is none."""
    signing, memory = SigningKey.new(name, COSIGNATURE), MemoryFile(folder / f"{name.replace('/', '-')}.json")
    memory.begin()
    app = WitnessApp(trusted(keys, epochs), memory, signing, SystemClock(), is_signed)
    server = make_server("127.0.0.1", 0, app, _Server, _Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield LocalWitness(f"http://127.0.0.1:{server.server_port}", signing.key, memory)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@dataclass
class WitnessProgram:
    """The real program, which can be killed and started again on the same port, with the same memory."""

    folder: Path
    keys: list[VerifierKey]
    epochs: list[str] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    signing: SigningKey = field(default_factory=lambda: SigningKey.new(NAME, COSIGNATURE))

    @property
    def state(self) -> Path:
        return self.folder / "witness.json"

    def installed(self) -> "WitnessProgram":
        """Write its key, and the memory of a witness that has seen nothing."""
        write_signing_key(self.folder / "witness.key", self.signing)
        MemoryFile(self.state).begin()
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Program:
        named = [*(("--log", str(key)) for key in self.keys), *(("--epoch", one) for one in self.epochs)]
        options = [
            "--key",
            str(self.folder / "witness.key"),
            "--state",
            str(self.state),
            "--bind",
            f"127.0.0.1:{self.port}",
        ]
        words = [word for pair in named for word in pair]
        program = Program("witness", "serve", *words, *options, log=self.folder / "witness.log")
        program.wait_until(f"{self.url}/healthz")
        return program

    def post(self, body: bytes) -> requests.Response:
        return requests.post(f"{self.url}{PATH}", data=body, timeout=30)
