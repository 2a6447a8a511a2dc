"""What every source of assignments does, the fake and the real one alike."""

from typing import Protocol

import pytest

from syncd.core.groups import Belonging
from syncd.core.subjects import Presence
from syncd.ports import AssignmentPage, AssignmentSource, SourceUnhealthyError

PEOPLE = 5


class World(Protocol):
    """What a test does to the org behind the source."""

    source: AssignmentSource

    def hire(self, login: str) -> str:
        """Add an active person who is assigned, and return their Okta user id."""

    def unassign(self, okta_user_id: str) -> None:
        """Take the assignment away."""

    def set_status(self, okta_user_id: str, status: str) -> None:
        """Set the status to SUSPENDED or DEPROVISIONED."""

    def delete(self, okta_user_id: str) -> None:
        """Remove the person for good."""

    def deactivate_app(self) -> None:
        """Switch the application off."""

    def break_page(self, number: int) -> None:
        """Make that page of the listing fail from now on."""

    def push_group(self, name: str, members: list[str]) -> str:
        """Add a group with these members, push it to the application, and return its Okta group id."""

    def hide_groups(self) -> None:
        """Take away the credential's right to see groups."""

    def break_members(self, number: int) -> None:
        """Make that page of every group's members fail from now on."""


class AssignmentSourceContract:
    """Subclass it with a fixture `world` whose listing has two rows a page."""

    @pytest.fixture
    def people(self, world: World) -> list[str]:
        return [world.hire(f"person{number}@example.com") for number in range(PEOPLE)]

    def listed(self, world: World) -> list[str]:
        return [row.okta_user_id for page in world.source.pages() for row in page.rows]

    def told(self, page: AssignmentPage) -> tuple[int, list[str], str | None]:
        """Return what of a page stays as long as nobody is assigned or unassigned."""
        return page.number, [row.okta_user_id for row in page.rows], page.cursor

    def test_the_preflight_names_the_application(self, world: World, people: list[str]) -> None:
        first, again = world.source.preflight(), world.source.preflight()
        assert first == again
        assert first.okta_app_id

    def test_an_application_that_is_switched_off_is_refused(self, world: World, people: list[str]) -> None:
        world.deactivate_app()
        with pytest.raises(SourceUnhealthyError):
            world.source.preflight()

    def test_every_assignment_is_listed_exactly_once(self, world: World, people: list[str]) -> None:
        assert sorted(self.listed(world)) == sorted(people)
        assert [page.number for page in world.source.pages()] == [1, 2, 3]

    @pytest.mark.parametrize("page", [1, 2, 3])
    def test_a_page_that_fails_ends_in_an_exception_never_in_a_short_list(
        self, world: World, people: list[str], page: int
    ) -> None:
        world.break_page(page)
        with pytest.raises(SourceUnhealthyError):
            self.listed(world)

    def test_a_walk_is_taken_up_behind_any_page(self, world: World, people: list[str]) -> None:
        whole = list(world.source.pages())
        for done, page in enumerate(whole, 1):
            assert page.cursor is not None
            rest = list(world.source.pages(page.cursor))
            assert [self.told(one) for one in rest] == [self.told(one) for one in whole[done:]]

    @pytest.mark.parametrize("page", [2, 3])
    def test_a_page_that_fails_fails_a_walk_that_was_taken_up_too(
        self, world: World, people: list[str], page: int
    ) -> None:
        cursor = next(world.source.pages()).cursor
        world.break_page(page)
        with pytest.raises(SourceUnhealthyError):
            list(world.source.pages(cursor))

    def test_an_end_where_the_listing_led_on_is_not_believed(self, world: World, people: list[str]) -> None:
        _, second, _ = world.source.pages()
        world.unassign(people[4])
        with pytest.raises(SourceUnhealthyError):
            list(world.source.pages(second.cursor))

    @pytest.mark.parametrize("cursor", ["", "nothing of ours", "{}", "[]", "null", '{"pages":1,"target":"/x"}'])
    def test_a_cursor_that_is_not_understood_is_refused(self, world: World, people: list[str], cursor: str) -> None:
        with pytest.raises(SourceUnhealthyError):
            list(world.source.pages(cursor))

    def test_a_row_carries_both_statuses_and_the_name(self, world: World, people: list[str]) -> None:
        world.set_status(people[0], "SUSPENDED")
        rows = {row.okta_user_id: row for page in world.source.pages() for row in page.rows}
        assert (rows[people[0]].user_status, rows[people[1]].user_status) == ("SUSPENDED", "ACTIVE")
        assert rows[people[1]].user_name == "person1@example.com"
        assert rows[people[1]].attributes["userName"] == "person1@example.com"

    def test_a_lookup_tells_the_four_definitive_answers_apart(self, world: World, people: list[str]) -> None:
        _, unassigned, deprovisioned, gone, _ = people
        world.unassign(unassigned)
        world.set_status(deprovisioned, "DEPROVISIONED")
        world.delete(gone)
        assert [world.source.look_up(one).presence for one in people] == [
            Presence.ASSIGNED,
            Presence.UNASSIGNED,
            Presence.DEPROVISIONED,
            Presence.GONE,
            Presence.ASSIGNED,
        ]

    def test_a_suspended_person_is_still_assigned(self, world: World, people: list[str]) -> None:
        world.set_status(people[0], "SUSPENDED")
        answer = world.source.look_up(people[0])
        assert (answer.presence, answer.user_status) == (Presence.ASSIGNED, "SUSPENDED")

    def test_who_is_deactivated_is_no_longer_listed(self, world: World, people: list[str]) -> None:
        world.set_status(people[2], "DEPROVISIONED")
        assert people[2] not in self.listed(world)

    def members(self, world: World, okta_group_id: str) -> list[str]:
        return [one for page in world.source.group_members(okta_group_id) for one in page]

    def test_every_group_that_is_pushed_is_told_with_its_name(self, world: World) -> None:
        assert world.source.group_mappings() == ()
        ids = {world.push_group(name, []): name for name in ("Guides", "Cooks", "Drivers")}
        mappings = world.source.group_mappings()
        assert {one.okta_group_id: one.name for one in mappings} == ids
        assert {one.status for one in mappings} <= {"ACTIVE", "ERROR"}
        assert len({one.mapping_id for one in mappings}) == len(ids)

    def test_every_member_is_told_once_assigned_or_not(self, world: World, people: list[str]) -> None:
        world.unassign(people[1])
        guides, empty = world.push_group("Guides", people), world.push_group("Empty", [])
        assert sorted(self.members(world, guides)) == sorted(people)
        assert self.members(world, empty) == []

    @pytest.mark.parametrize("page", [1, 2, 3])
    def test_a_page_of_members_that_fails_ends_in_an_exception(
        self, world: World, people: list[str], page: int
    ) -> None:
        guides = world.push_group("Guides", people)
        world.break_members(page)
        with pytest.raises(SourceUnhealthyError):
            self.members(world, guides)

    def test_groups_that_may_not_be_seen_are_an_exception_never_none(self, world: World, people: list[str]) -> None:
        guides = world.push_group("Guides", people)
        world.hide_groups()
        with pytest.raises(SourceUnhealthyError):
            world.source.group_mappings()
        with pytest.raises(SourceUnhealthyError):
            self.members(world, guides)
        assert {world.source.look_up_membership(guides, one).belonging for one in people} == {Belonging.UNKNOWN}

    def test_a_question_about_a_member_has_three_answers(self, world: World, people: list[str]) -> None:
        guides = world.push_group("Guides", people[:2])
        world.delete(people[4])
        assert [world.source.look_up_membership(guides, one).belonging for one in people] == [
            Belonging.MEMBER,
            Belonging.MEMBER,
            Belonging.NOT_MEMBER,
            Belonging.NOT_MEMBER,
            Belonging.UNKNOWN,
        ]
        assert world.source.look_up_membership("00gNobodyKnows", people[0]).belonging is Belonging.UNKNOWN

    def test_closing_twice_does_no_harm(self, world: World) -> None:
        world.source.close()
        world.source.close()
