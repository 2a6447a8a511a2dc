"""The fake log keeps the contract, so tests may rely on it."""

from datetime import timedelta

import pytest

from syncd.ports import EventLog
from tests.contracts.event_log import EventLogContract
from tests.fakes.event_log import FakeEventLog


class FakeWorld(FakeEventLog):
    """The fake with the contract's words."""

    @property
    def log(self) -> EventLog:
        return self

    def hire(self, login: str) -> str:
        okta_user_id = f"00u{login}"
        self.happen("user.lifecycle.activate", okta_user_id)
        self.happen("application.user_membership.add", okta_user_id)
        return okta_user_id

    def unassign(self, okta_user_id: str) -> None:
        self.happen("application.user_membership.remove", okta_user_id)

    def suspend(self, okta_user_id: str) -> None:
        self.happen("user.lifecycle.suspend", okta_user_id)

    def come_late(self, okta_user_id: str) -> None:
        before = self.now
        self.now += timedelta(minutes=1)
        self.happen("user.lifecycle.activate", "00uother")
        self.happen("user.lifecycle.suspend", okta_user_id, published=before)

    def forget(self) -> None:
        self.oldest = self.now + timedelta(seconds=1)

    def break_log(self) -> None:
        self.unhealthy.update(self.clauses)

    def stand_still(self) -> None:
        self.stuck = True


class TestFakeEventLog(EventLogContract):
    """Every rule of the contract."""

    @pytest.fixture
    def world(self) -> FakeWorld:
        return FakeWorld()
