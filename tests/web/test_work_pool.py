"""The pool does every piece once, tells the loop of each, and holds no more than it may."""

import asyncio
import threading

import pytest

from syncd.web.work_pool import PoolFullError, WorkPool


def test_every_piece_is_done_and_told_however_many_there_are() -> None:
    async def scenario() -> list[int]:
        pool = WorkPool(4, 1000)
        try:
            return await asyncio.gather(*(pool.run(lambda number=number: number) for number in range(1000)))  # type: ignore[misc] # bound at once
        finally:
            pool.close()

    assert asyncio.run(scenario()) == list(range(1000))


def test_an_error_is_raised_where_the_work_was_ordered_and_the_thread_goes_on() -> None:
    def fail() -> int:
        raise ValueError("broken")

    async def scenario() -> None:
        pool = WorkPool(1, 1)
        for _ in range(3):
            with pytest.raises(ValueError, match="broken"):
                await pool.run(fail)
        assert await pool.run(lambda: 1) == 1
        pool.close()

    asyncio.run(scenario())


def test_closing_lets_what_runs_end_and_cancels_what_waits() -> None:
    entered, leave = threading.Event(), threading.Event()

    def work() -> str:
        entered.set()
        assert leave.wait(10)
        return "done"

    async def scenario() -> None:
        pool = WorkPool(1, 1)
        running, waiting = asyncio.create_task(pool.run(work)), asyncio.create_task(pool.run(work))
        await asyncio.to_thread(entered.wait, 5)
        with pytest.raises(PoolFullError):
            await pool.run(work)
        threading.Timer(0.1, leave.set).start()
        pool.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await running == "done"
        assert not pool.stalled(0)

    asyncio.run(scenario())


def test_threads_begin_when_there_is_work_and_no_more_of_them_than_allowed() -> None:
    async def scenario() -> None:
        before = threading.active_count()
        pool = WorkPool(3, 10)
        assert threading.active_count() == before
        for _ in range(10):
            await pool.run(lambda: None)
        assert threading.active_count() <= before + 3
        pool.close()
        assert threading.active_count() == before

    asyncio.run(scenario())
