"""systemd hears from the process that it started, and from nobody else."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.service_manager import ServiceManager


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """Give a notification socket, and its address as systemd writes it."""
    address = str(tmp_path / "notify") if request.param == "path" else f"@syncd-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(address.replace("@", "\0"))
        channel.setblocking(False)
        yield address, channel


def test_each_message_arrives_as_sd_notify_writes_it(listener: tuple[str, socket.socket]) -> None:
    address, channel = listener
    manager = ServiceManager.take_from({"NOTIFY_SOCKET": address})
    manager.ready("up")
    manager.alive()
    manager.alive("busy")
    manager.stopping()
    received = [channel.recv(100) for _ in range(4)]
    assert received == [b"READY=1\nSTATUS=up", b"WATCHDOG=1", b"WATCHDOG=1\nSTATUS=busy", b"STOPPING=1"]


def test_the_variables_are_taken_so_that_children_do_not_see_them() -> None:
    environ = {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid()), "HOME": "/"}
    assert ServiceManager.take_from(environ) == ServiceManager("/x", 30.0)
    assert environ == {"HOME": "/"}


@pytest.mark.parametrize("environ", [{}, {"WATCHDOG_USEC": "x"}, {"WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"}])
def test_a_watchdog_that_waits_for_somebody_else_is_none_of_ours(environ: dict[str, str]) -> None:
    assert ServiceManager.take_from(environ).watchdog is None


@pytest.mark.parametrize("address", [None, "", "/nowhere/notify"])
def test_without_a_listener_nothing_happens(address: str | None) -> None:
    ServiceManager(address).ready("up")
