"""The fake source keeps the contract, so tests may rely on it."""

import pytest

from syncd.ports import AssignmentSource
from tests.contracts.assignment_source import AssignmentSourceContract
from tests.fakes.assignment_source import FakeOkta


class FakeWorld(FakeOkta):
    """The fake with the contract's words."""

    @property
    def source(self) -> AssignmentSource:
        return self

    def deactivate_app(self) -> None:
        self.app_active = False

    def break_page(self, number: int) -> None:
        self.failing_page = number

    def hide_groups(self) -> None:
        self.groups_hidden = True

    def break_members(self, number: int) -> None:
        self.failing_members_page = number


class TestFakeOkta(AssignmentSourceContract):
    """Every rule of the contract."""

    @pytest.fixture
    def world(self) -> FakeWorld:
        return FakeWorld()
