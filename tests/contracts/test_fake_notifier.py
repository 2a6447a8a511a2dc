"""The fake way to tell people keeps the contract, so tests may rely on it."""

import pytest

from syncd.notifying import Notifier
from tests.contracts.notifier import NotifierContract
from tests.fakes.notifier import FakeNotifier


class FakeWorld(FakeNotifier):
    """The fake with the contract's words."""

    secrets: tuple[str, ...] = ()

    @property
    def notifier(self) -> Notifier:
        return self

    def received(self) -> list[str]:
        return ["\n".join((one.title, *one.paragraphs(), one.id)) for one in self.messages]

    def refuse(self) -> None:
        self.trouble = "refused"

    def fall_silent(self) -> None:
        self.trouble = "silent"

    def drip(self) -> None:
        self.trouble = "dripping"

    def vanish(self) -> None:
        self.trouble = "gone"


class TestFakeNotifier(NotifierContract):
    """Every rule of the contract."""

    @pytest.fixture
    def world(self) -> FakeWorld:
        return FakeWorld()
