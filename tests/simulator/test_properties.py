"""Whatever is done to an org, its state stays one that Okta could be in."""

import itertools
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from syncd.simulator import assignments, group_push, groups, users
from syncd.simulator.apps import add
from syncd.simulator.errors import OktaError
from syncd.simulator.identifiers import IdFactory
from syncd.simulator.jobs import Job, Operation, UserJob
from syncd.simulator.lifecycle import Action
from syncd.simulator.ordered_table import OrderedTable
from syncd.simulator.org import Org
from syncd.simulator.paging import Limits, Listing
from syncd.simulator.records import App, Scope, Style, User, UserStatus

PEOPLE: Final = 4
TEAMS: Final = 2

Step = tuple[str, int, int]


def _lifecycle(action: Action) -> Callable[[Org, App, User, str], object]:
    return lambda org, _app, user, _team: users.apply(org, user, action)


STEPS: Final[dict[str, Callable[[Org, App, User, str], object]]] = {
    "assign": lambda org, app, user, _team: assignments.assign(org, app, user),
    "unassign": lambda org, app, user, _team: assignments.unassign(org, app, user),
    "join": lambda org, _app, user, team: groups.add_member(org, org.group(team), user),
    "leave": lambda org, _app, user, team: groups.remove_member(org, org.group(team), user),
    "assign-group": lambda org, app, _user, team: assignments.assign_group(org, app, team),
    "unassign-group": lambda org, app, _user, team: assignments.unassign_group(org, app, team),
    "push-group": lambda org, app, _user, team: group_push.link(org, app, org.group(team)),
    "delete": lambda org, _app, user, _team: users.delete(org, user),
    "rename": lambda org, _app, user, _team: users.update(org, user, {"firstName": f"{user.profile['firstName']}x"}),
    **{action.value: _lifecycle(action) for action in Action},
}


def carry_out(steps: Iterable[Step]) -> tuple[Org, App, list[Job]]:
    jobs: list[Job] = []
    org = Org(IdFactory(1), lambda: datetime(2026, 11, 23, tzinfo=UTC), jobs.append)
    app = add(org, "Rehearsal", Style.OIN)
    people = [
        users.create(org, {"login": f"u{n}", "firstName": "U", "lastName": "N", "email": "e"}, activate=n % 2 == 0)
        for n in range(PEOPLE)
    ]
    teams = [groups.create(org, f"team {n}").id for n in range(TEAMS)]
    for name, person, team in steps:
        if people[person].id in org.users:
            try:
                STEPS[name](org, app, people[person], teams[team])
            except OktaError as refused:
                assert refused.status in {400, 403, 404}  # noqa: PT017 - a refusal is fine, of whatever kind
    return org, app, jobs


SEQUENCES = st.lists(
    st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, PEOPLE - 1), st.integers(0, TEAMS - 1)), max_size=40
)


@given(SEQUENCES)
def test_assignments_agree_with_lifecycle_and_groups(steps: list[Step]) -> None:
    org, app, _ = carry_out(steps)
    for row in app.users:
        user = org.user(row.user_id)
        through = {group for group in org.groups_of.get(user.id, set()) if group in app.groups}
        assert user.status is not UserStatus.DEPROVISIONED
        assert row.scope is Scope.USER or row.group_id in through
    for user in org.users:
        through = {group for group in org.groups_of.get(user.id, set()) if group in app.groups}
        assert user.status is UserStatus.DEPROVISIONED or not through or user.id in app.users
    for group in org.groups:
        assert all(group.id in org.groups_of[user_id] and user_id in org.users for user_id in group.members)


@given(SEQUENCES)
def test_provisioning_and_deactivation_alternate_for_each_person(steps: list[Step]) -> None:
    org, app, jobs = carry_out(steps)
    for key, found in itertools.groupby(
        sorted((job for job in jobs if isinstance(job, UserJob)), key=lambda job: job.target_id),
        key=lambda job: job.target_id,
    ):
        pushed = [job.operation for job in found if job.operation is not Operation.UPDATE_PROFILE]
        assert all(a is not b for a, b in itertools.pairwise(pushed) if a is Operation.DEACTIVATE)
        assigned = app.users.get(key) is not None
        assert assigned or not pushed or pushed[-1] is Operation.DEACTIVATE
        assert org.users.get(key) is not None or not assigned


@given(SEQUENCES, st.integers(1, 7))
def test_a_walk_lists_each_assignment_exactly_once_at_any_limit(steps: list[Step], limit: int) -> None:
    _, app, _ = carry_out(steps)
    walked: list[str] = []
    query = {"limit": str(limit)}
    while True:
        page = Listing("", "/", query).page(app.users, Limits(50, 500), lambda row: row.user_id)
        assert len(page.rows) <= limit
        walked.extend(page.rows)
        if page.following is None:
            break
        query = {"limit": str(limit), "after": page.following.split("after=")[1].split("&")[0]}
    assert walked == [row.user_id for row in app.users] == sorted(walked)


@given(st.lists(st.tuples(st.booleans(), st.text(max_size=2))), st.text(max_size=2))
def test_an_ordered_table_agrees_with_a_sorted_dictionary(steps: list[tuple[bool, str]], start: str) -> None:
    table: OrderedTable[int] = OrderedTable()
    model: dict[str, int] = {}
    for number, (add_it, key) in enumerate(steps):
        if add_it:
            table.put(key, number)
            model[key] = number
        else:
            assert table.remove(key) == model.pop(key, None)
    assert (len(table), list(table)) == (len(model), [model[key] for key in sorted(model)])
    assert list(table.after(start)) == [(key, model[key]) for key in sorted(model) if key > start]
    assert all(table.get(key) == model.get(key) and (key in table) is (key in model) for _, key in steps)


@given(st.integers(), st.sampled_from(["00u", "00g", "0oa"]))
def test_ids_are_twenty_characters_and_grow(seed: int, prefix: str) -> None:
    factory = IdFactory(seed)
    made = [factory.make(prefix) for _ in range(130)]
    assert all(len(key) == 20 and key.startswith(prefix) and key.isalnum() for key in made)
    assert made == sorted(set(made))
