"""Logs are polled on their interval and when the bell is rung, and may ask for a full run."""

import threading
import time
from collections.abc import Callable

from structlog.testing import capture_logs

from syncd.scheduler import LogWatch, NightlyJob
from tests.scheduler.running import NOW, YEARLY, noting, running, wait_until

NEVER = 3600.0


def silent() -> int:
    return 0


def polling(polls: list[float], *, full_run: Callable[[], bool] = lambda: False) -> Callable[[], bool]:
    def poll() -> bool:
        polls.append(time.monotonic())
        return full_run()

    return poll


def test_a_log_is_polled_at_the_start_and_then_on_its_interval() -> None:
    polls: list[float] = []
    with running([LogWatch({"crm": polling(polls)}, 1.0, silent)]):
        wait_until(lambda: polls)
        time.sleep(2.5)
    assert 2 <= len(polls) <= 4


def test_the_bell_has_every_log_polled_within_two_seconds() -> None:
    rings = [7]
    crm: list[float] = []
    wiki: list[float] = []
    watch = LogWatch({"crm": polling(crm), "wiki": polling(wiki)}, NEVER, lambda: rings[0])
    with running([watch]):
        wait_until(lambda: crm and wiki)
        time.sleep(1.5)
        assert (len(crm), len(wiki)) == (1, 1), "that it was rung before is nothing new"
        rung = time.monotonic()
        rings[0] += 1
        wait_until(lambda: len(crm) == 2 and len(wiki) == 2)
    assert crm[1] - rung < 2


def test_a_bell_that_is_rung_during_a_poll_has_another_one_after_it() -> None:
    rings = [0]
    polls: list[float] = []
    begun, release = threading.Event(), threading.Event()

    def wait() -> bool:
        begun.set()
        release.wait(10)
        return False

    with running([LogWatch({"crm": polling(polls, full_run=wait)}, NEVER, lambda: rings[0])]):
        assert begun.wait(3)
        time.sleep(1.2)
        rings[0] = 1
        time.sleep(1.5)
        assert len(polls) == 1
        release.set()
        wait_until(lambda: len(polls) == 2)


def test_a_bell_that_cannot_be_heard_leaves_the_interval() -> None:
    polls: list[float] = []

    def broken() -> int:
        raise ConnectionError("no database")

    with running([LogWatch({"crm": polling(polls)}, 1.0, broken)]):
        wait_until(lambda: len(polls) >= 2)


def test_a_poll_may_have_the_nightly_run_brought_forward() -> None:
    ran: list[str] = []
    asked = iter([True])
    polls: list[float] = []
    watch = LogWatch({"crm": polling(polls, full_run=lambda: next(asked, False))}, 1.0, silent)
    with running([NightlyJob("crm", YEARLY, noting(ran)), NightlyJob("wiki", YEARLY, noting(ran, "wiki")), watch], NOW):
        wait_until(lambda: ran)
        wait_until(lambda: len(polls) > 2)
    assert ran == ["crm"]


def test_a_poll_that_fails_is_logged_and_the_next_one_comes() -> None:
    polls: list[float] = []

    def fail() -> bool:
        raise SystemExit(3)

    with capture_logs() as logs, running([LogWatch({"crm": polling(polls, full_run=fail)}, 1.0, silent)]):
        wait_until(lambda: len(polls) >= 2)
    assert {(line["event"], line["app"]) for line in logs if line["log_level"] == "error"} == {("poll failed", "crm")}
