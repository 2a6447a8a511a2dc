"""Asks until there is an answer, or no point in asking on."""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from syncd.okta_source.answers import Answer, Reading, Verdict, judge
from syncd.okta_source.faults import Question, explain, lost_cursor
from syncd.okta_source.pacing import Bucket, Pacer, back_off, read_rate_limit, wait_after_refusal
from syncd.okta_source.settings import OktaSettings
from syncd.ports import Announce

ATTEMPTS: Final = 4


@dataclass(frozen=True, slots=True)
class Patience:
    """How waiting is done: sleep some seconds, a number from 0 to 1 that is different each time, monotonic seconds."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.SystemRandom().random
    monotonic: Callable[[], float] = time.monotonic


class Executor(Protocol):
    """Sends signed requests, one each, without retrying."""

    granted_scopes: frozenset[str] | None

    async def get(self, target: str) -> Answer:
        """Return the answer to a GET of a path with its query. Raises nothing."""

    def renew_token(self) -> bool:
        """Forget the access token; False when there is none to renew."""

    async def close(self) -> None:
        """Close the connections."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A usable answer with its JSON. When Okta says that there is no such thing, it is `missing`, and says so there."""

    answer: Answer
    document: Any
    missing: bool = False


class OktaClient:
    """GETs to one org, paced, patient with what passes, and definite about what does not.

    One request at a time. Waits are announced, and cut to `max_wait_each`; those after a refusal add up to
    `max_wait_total` over the life of the client, after which a refusal is final.
    """

    def __init__(self, executor: Executor, settings: OktaSettings, announce: Announce, patience: Patience) -> None:
        self._executor = executor
        self.announce = announce
        self._patience = patience
        self._pacer = Pacer()
        self._longest_wait = settings.max_wait_each
        self._wait_left = settings.max_wait_total

    async def ask(self, question: Question) -> Reply:
        """Return the answer to a question.

        Transport errors, 5xx, and successes that cannot be read are tried 4 times. A 401 is tried once more with a new
        access token, where there is one. Raises `SourceUnhealthyError` in the end, or `CursorLostError`.
        """
        failures, renewed = 0, False
        while True:
            await self._keep_pace(question)
            answer, reading = await self._try_once(question)
            match reading.verdict:
                case Verdict.ACCEPTED:
                    return Reply(answer, reading.document)
                case Verdict.MISSING if question.may_be_missing:
                    return Reply(answer, reading.document, missing=True)
                case Verdict.LIMITED if await self._wait_out(answer, question):
                    pass
                case Verdict.UNAUTHORIZED if not renewed and self._executor.renew_token():
                    renewed = True
                case Verdict.TRY_AGAIN if failures + 1 < ATTEMPTS:
                    failures += 1
                    await self._back_off(failures, reading, question)
                case _:
                    raise lost_cursor(answer, reading, question) or explain(answer, reading, question)

    async def _try_once(self, question: Question) -> tuple[Answer, Reading]:
        answer = await self._executor.get(question.target)
        if not answer.of_token:
            self._pacer.note(question.bucket, answer.headers, self._patience.monotonic())
        return answer, judge(answer, question.shape)

    async def _keep_pace(self, question: Question) -> None:
        wait = self._pacer.wait(question.bucket, self._patience.monotonic())
        if wait > 0:
            await self._sleep(self._believed(wait, question.bucket), f"for Okta's rate limit, {question.label}")

    async def _wait_out(self, answer: Answer, question: Question) -> bool:
        """Wait after a refusal and return True, or return False when the waits have used up their sum."""
        wait = self._believed(wait_after_refusal(answer.headers, self._patience.chance()), question.bucket)
        if wait > self._wait_left:
            return False
        self._wait_left -= wait
        rate = read_rate_limit(answer.headers)
        limit = "limit on requests at once" if rate and rate.of_concurrency else "rate limit"
        await self._sleep(wait, f"for Okta's {limit}, {question.label}")
        return True

    def _believed(self, wait: float, bucket: Bucket) -> float:
        """Return the wait, cut to the longest one. A window that is cut short is seen with new eyes afterwards."""
        if wait > self._longest_wait:
            self._pacer.forget(bucket)
        return min(wait, self._longest_wait)

    async def _back_off(self, failures: int, reading: Reading, question: Question) -> None:
        wait = back_off(failures, self._patience.chance())
        await self._sleep(wait, f"and trying again after {reading.flaw}, {question.label}")

    async def _sleep(self, seconds: float, reason: str) -> None:
        self.announce(f"waiting {math.ceil(seconds)} s {reason}")
        await self._patience.sleep(seconds)
