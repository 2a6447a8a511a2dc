"""The source over HTTP keeps the contract of every source."""

import pytest

from syncd.okta_source.source import OktaSource
from tests.contracts.assignment_source import AssignmentSourceContract
from tests.okta_source.conftest import OpenSource, Serve
from tests.okta_source.group_script import GroupedOrg
from tests.okta_source.listing_script import APP, Org, row
from tests.okta_source.scripted_okta import Response


class World:
    """A scripted org with the contract's words."""

    def __init__(self, grouped: GroupedOrg, source: OktaSource) -> None:
        self.grouped, self.org, self.source = grouped, grouped.org, source

    def hire(self, login: str) -> str:
        hired = row(len(self.org.people) + 1)
        hired["credentials"]["userName"] = login
        self.org.users.append(hired)
        self.org.people[hired["id"]] = "ACTIVE"
        okta_user_id: str = hired["id"]
        return okta_user_id

    def unassign(self, okta_user_id: str) -> None:
        self.org.users[:] = [user for user in self.org.users if user["id"] != okta_user_id]

    def set_status(self, okta_user_id: str, status: str) -> None:
        self.org.people[okta_user_id] = status
        for user in self.org.users:
            if user["id"] == okta_user_id:
                user["_embedded"]["user"]["status"] = status
        if status == "DEPROVISIONED":
            self.unassign(okta_user_id)

    def delete(self, okta_user_id: str) -> None:
        self.unassign(okta_user_id)
        del self.org.people[okta_user_id]

    def deactivate_app(self) -> None:
        self.org.app = {**APP, "status": "INACTIVE"}

    def break_page(self, number: int) -> None:
        self.org.spoilt[number] = lambda _: Response(502, headers=())

    def push_group(self, name: str, members: list[str]) -> str:
        return self.grouped.push_group(name, members)

    def hide_groups(self) -> None:
        self.grouped.hidden = True

    def break_members(self, number: int) -> None:
        self.grouped.failing_page = number


class TestOktaSource(AssignmentSourceContract):
    """Every rule of the contract, over HTTP."""

    @pytest.fixture
    def world(self, open_okta: OpenSource, serve: Serve) -> World:
        grouped = GroupedOrg(Org([], 2))
        okta = serve(grouped.respond)
        grouped.org.url = okta.url
        return World(grouped, open_okta(okta.url, page_limit=2))
