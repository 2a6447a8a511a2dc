"""`syncd up`."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import click

from syncd.cli.console import announce
from syncd.cli.options import config_option

PATIENCE = 40.0


@click.command()
@config_option
def command(config_path: Path | None) -> int:
    """Run the SCIM endpoint and the worker together, for one machine. Ends when either of them ends."""
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import check_schema

    check_schema(load_settings(config_path))
    chosen = ["--config", str(config_path)] if config_path else []
    # Names and paths are ours; nothing here comes from a request.
    children = {name: subprocess.Popen([sys.executable, "-m", "syncd", name, *chosen]) for name in ("serve", "worker")}  # noqa: S603
    asked = False

    def ask_to_stop(*_: object) -> None:
        nonlocal asked
        asked = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask_to_stop)
    while not asked and all(child.poll() is None for child in children.values()):
        time.sleep(0.2)
    first = next((name for name, child in children.items() if child.poll() is not None), None)
    announce("stopping" if asked else f"syncd {first} ended, stopping the other")
    codes = {name: _stop(child) for name, child in children.items()}
    return 0 if asked else max(codes[first] if first else 0, 1)


def _stop(child: "subprocess.Popen[bytes]") -> int:
    """End a child process by its own signal, by force when it does not end in time, and return its exit code."""
    if child.poll() is None:
        child.terminate()
        try:
            return child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
    return child.wait()
