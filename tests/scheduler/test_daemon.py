"""The worker's life: what runs, what a failing job does to the others, how it ends, and what systemd is told."""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from syncd.scheduler import NightlyJob
from syncd.scheduler.daemon import schedule
from syncd.scheduler.runner import PolledScheduler, RunThreads
from tests.scheduler.running import BEFORE, NOW, YEARLY, noting, running, wait_until


def test_a_run_that_was_missed_is_made_up_for_once_at_the_start() -> None:
    ran: list[str] = []
    with running([NightlyJob("crm", YEARLY, noting(ran))], BEFORE) as state:
        wait_until(lambda: ran)
        time.sleep(0.5)
    assert ran == ["crm"]
    assert state.code == 0
    assert state.announced[0].startswith("crm: next run now, because that of ")


def test_a_run_that_was_not_missed_waits_for_its_time() -> None:
    ran: list[str] = []
    with running([NightlyJob("crm", YEARLY, noting(ran))], NOW) as state:
        time.sleep(0.5)
    assert (ran, state.code) == ([], 0)
    assert state.announced == [f"crm: next run at {NOW.year + 1}-01-01 00:00 UTC"]


@pytest.mark.parametrize("failure", [ValueError("broken"), SystemExit(3), 99])
def test_a_job_that_fails_is_logged_and_touches_no_other(failure: BaseException | int) -> None:
    ran: list[str] = []

    def fail() -> int:
        if isinstance(failure, int):
            return failure
        raise failure

    jobs = [NightlyJob("bad", YEARLY, fail), NightlyJob("good", YEARLY, noting(ran, "good"))]
    with capture_logs() as logs, running(jobs) as state:
        wait_until(lambda: len(logs) == 2)
    assert (ran, state.code) == (["good"], 0)
    assert {(line["app"], line["event"], line["log_level"]) for line in logs} == {
        ("bad", "run failed", "error"),
        ("good", "run ended", "info"),
    }


@pytest.mark.parametrize(
    ("code", "outcome", "level"),
    [(2, "drift", "info"), (3, "source_unhealthy", "warning"), (4, "blocked", "warning"), (6, "lease_held", "info")],
)
def test_how_a_run_ended_is_logged_as_loud_as_somebody_has_to_look(code: int, outcome: str, level: str) -> None:
    with capture_logs() as logs, running([NightlyJob("crm", YEARLY, lambda: code)]):
        wait_until(lambda: logs)
    assert logs[0].pop("seconds") >= 0
    assert logs == [{"event": "run ended", "app": "crm", "outcome": outcome, "exit_code": code, "log_level": level}]


def test_applications_do_not_wait_for_one_another() -> None:
    meeting = threading.Barrier(2, timeout=2)
    jobs = [NightlyJob(name, YEARLY, lambda: meeting.wait() * 0) for name in ("crm", "wiki")]
    with capture_logs() as logs, running(jobs):
        wait_until(lambda: len(logs) == 2)
    assert {line["event"] for line in logs} == {"run ended"}


def test_a_run_in_progress_is_waited_for_when_told_to_stop() -> None:
    begun, ended = threading.Event(), threading.Event()

    def run() -> int:
        begun.set()
        time.sleep(0.6)
        ended.set()
        return 0

    with running([NightlyJob("crm", YEARLY, run)]) as state:
        assert begun.wait(2)
    assert ended.is_set()
    assert state.announced[-1] == "crm: waiting up to 5 seconds for the run in progress"


def test_a_run_that_does_not_end_is_abandoned_after_the_patience() -> None:
    begun, release = threading.Event(), threading.Event()

    def run() -> int:
        begun.set()
        release.wait(10)
        return 0

    with capture_logs() as logs:
        with running([NightlyJob("crm", YEARLY, run)], patience=0.2) as state:
            assert begun.wait(2)
        assert (state.code, [line["event"] for line in logs]) == (0, ["run abandoned"])
        (abandoned,) = (thread for thread in threading.enumerate() if thread.name == "crm")
        assert abandoned.daemon
        release.set()
        abandoned.join(2)


@pytest.fixture
def scheduler() -> Iterator[PolledScheduler]:
    scheduler = PolledScheduler(timezone=UTC, executors={"default": RunThreads()})
    scheduler.start()
    yield scheduler
    scheduler.shutdown()


def test_times_that_went_by_are_made_up_for_by_one_run_however_late(scheduler: PolledScheduler) -> None:
    ran: list[str] = []
    schedule(scheduler, NightlyJob("crm", "* * * * *", noting(ran)), NOW, NOW, print)
    scheduler.modify_job("crm", next_run_time=datetime.now(UTC) - timedelta(hours=3))
    for _ in range(3):
        scheduler.poll()
    wait_until(lambda: ran)
    assert ran == ["crm"]
    assert scheduler.get_job("crm").next_run_time > datetime.now(UTC)


def test_a_run_never_overlaps_itself(scheduler: PolledScheduler, caplog: pytest.LogCaptureFixture) -> None:
    ran: list[str] = []
    release = threading.Event()
    note = noting(ran)
    job = NightlyJob("crm", YEARLY, lambda: note() + int(not release.wait(5)))
    schedule(scheduler, job, NOW, None, print)
    scheduler.poll()
    scheduler.modify_job("crm", next_run_time=datetime.now(UTC))
    with caplog.at_level(logging.WARNING, "apscheduler"):
        scheduler.poll()
    release.set()
    assert ran == ["crm"]
    assert "maximum number of running instances reached" in caplog.text


@pytest.fixture
def notifications(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(2)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "900000")
        yield channel


def test_systemd_is_told_ready_with_the_next_run_then_signs_of_life_then_stopping(notifications: socket.socket) -> None:
    status = f"STATUS=next run at {NOW.year + 1}-01-01 00:00 UTC (crm)"
    with running([NightlyJob("crm", YEARLY, lambda: 0)], NOW):
        assert notifications.recv(1000).decode() == f"READY=1\n{status}"
        began = time.monotonic()
        for _ in range(3):
            assert notifications.recv(1000).decode() == f"WATCHDOG=1\n{status}"
        assert time.monotonic() - began < 0.9
    while (message := notifications.recv(1000)).startswith(b"WATCHDOG=1"):
        pass
    assert message == b"STOPPING=1"


def test_systemd_sees_what_is_running(notifications: socket.socket) -> None:
    release = threading.Event()
    with running([NightlyJob("crm", YEARLY, lambda: int(not release.wait(5)))]):
        assert b"STATUS=reconciling crm; next run at " in notifications.recv(1000)
        release.set()


def test_a_worker_without_applications_says_so_and_waits(notifications: socket.socket) -> None:
    with running([]) as state:
        assert notifications.recv(1000) == b"READY=1\nSTATUS=no application is configured"
    assert state.code == 0
