"""What every way to tell people does, the fake and the real ones alike."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import pytest

from syncd.core.messages import Message, MessageKind
from syncd.core.notices import Notice, NoticeKind, Standing
from syncd.notifying import NotDeliveredError, Notifier

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
BLOCKED = Standing(
    Notice("crm", NoticeKind.QUARANTINE, "crm: the plan is blocked", "Read it", ("21 are more than 20",), "", "run-7"),
    AT,
    AT,
    1,
)
STORM = Standing(Notice("crm", NoticeKind.PUSH_STORM, "crm: a storm of pushes", "See who it was"), AT, AT, 4)
MESSAGE = Message("0b1c2d3e-id", MessageKind.NOTICE, "crm", AT, (BLOCKED,))
LONGEST = 10.0
"""Seconds that no test's receiver may hold a notifier up."""


class World(Protocol):
    """What a test does to the receiver at the other end."""

    notifier: Notifier
    secrets: tuple[str, ...]
    """What no error may tell: addresses, paths, passwords."""

    def received(self) -> list[str]:
        """Return what arrived: of each message everything that a reader can see, decoded."""

    def refuse(self) -> None:
        """Take no message from now on, and say so."""

    def fall_silent(self) -> None:
        """Take connections, and never answer."""

    def drip(self) -> None:
        """Answer a byte now and then, for ever."""

    def vanish(self) -> None:
        """Take no connection any more."""


class NotifierContract:
    """Subclass it with a fixture `world` whose notifier gives up within `LONGEST`."""

    def test_a_message_tells_what_is_the_matter_what_to_do_and_where_to_look(self, world: World) -> None:
        world.notifier.send(MESSAGE)
        (text,) = world.received()
        for told in ("crm: the plan is blocked", "21 are more than 20", "Read it", "run-7", MESSAGE.id):
            assert told in text

    def test_a_digest_tells_of_each_reason(self, world: World) -> None:
        world.notifier.send(replace(MESSAGE, kind=MessageKind.DIGEST, reasons=(BLOCKED, STORM)))
        (text,) = world.received()
        for told in ("2 still to be looked at", "the plan is blocked", "a storm of pushes", "See who it was"):
            assert told in text

    def test_a_test_message_says_that_it_is_one(self, world: World) -> None:
        world.notifier.send(Message("0b1c2d3e-test", MessageKind.TEST, "", AT))
        (text,) = world.received()
        assert "a test" in text

    def test_a_message_that_is_sent_again_carries_the_same_id(self, world: World) -> None:
        for _ in range(2):
            world.notifier.send(MESSAGE)
        assert [MESSAGE.id in text for text in world.received()] == [True, True]

    def test_what_people_are_called_cannot_forge_anything(self, world: World) -> None:
        name = "crm: eve\r\nBcc: eve@evil.example\r\n\r\n<!channel> <https://evil.example|b> \u2028\x00\x1b[2J \u00e9"
        forged = replace(BLOCKED, notice=replace(BLOCKED.notice, title=name, lines=(name,)))
        world.notifier.send(replace(MESSAGE, reasons=(forged,)))
        (text,) = world.received()
        assert "\nBcc:" not in text
        assert "\u00e9" in text

    def test_a_long_message_arrives_in_one_piece_or_cut_off(self, world: World) -> None:
        long = replace(BLOCKED, notice=replace(BLOCKED.notice, lines=("x" * 2000,) * 20))
        world.notifier.send(replace(MESSAGE, kind=MessageKind.DIGEST, reasons=(long,) * 100))
        (text,) = world.received()
        assert "100 still to be looked at" in text

    @pytest.mark.parametrize("trouble", ["refuse", "fall_silent", "drip", "vanish"])
    def test_what_is_not_taken_is_an_error_in_time_with_a_remedy_and_without_a_secret(
        self, world: World, trouble: str
    ) -> None:
        getattr(world, trouble)()
        began = time.monotonic()
        with pytest.raises(NotDeliveredError) as caught:
            world.notifier.send(MESSAGE)
        assert time.monotonic() - began < LONGEST
        assert caught.value.channel == world.notifier.channel
        assert caught.value.remedy
        error: BaseException | None = caught.value
        while error is not None:
            assert not [secret for secret in world.secrets if secret in f"{error} {error!r}"]
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)

    def test_a_receiver_that_comes_back_is_told(self, world: World) -> None:
        world.notifier.send(MESSAGE)
        assert len(world.received()) == 1
