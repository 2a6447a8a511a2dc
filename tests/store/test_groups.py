"""Groups as the reconciler reads them: every member once, however many there are, with who Okta says it is."""

import pytest

from scim.resource import Member, MembershipChange
from syncd.core.changes import Change
from syncd.core.groups import LocalGroup
from syncd.core.subjects import LinkKey, Origin
from syncd.ports import UnitOfWork
from syncd.store import SqlDatabase
from syncd.store.groups import MEMBERS_AT_ONCE
from tests.conftest import APP
from tests.store.big_groups import furnish, member_ids
from tests.store.snapshots import CAUSE, IDENTITY, assignment, create, okta_id, stage
from tests.store.statements import watched


def sealed(unit: UnitOfWork, *rows: object) -> str:
    snapshot_id = unit.staging.begin("run")
    stage(unit, snapshot_id, rows)  # type: ignore[arg-type]  # rows of assignments
    unit.staging.seal(snapshot_id, IDENTITY)
    return snapshot_id


def form(unit: UnitOfWork, name: str, *members: str, origin: Origin = Origin.SCIM, **more: str) -> str:
    added = MembershipChange(add=tuple(Member(one) for one in members))
    made = unit.record(Change("Group", None, {"displayName": name, **more}, added, origin=origin))
    assert made is not None
    return made.id


def test_all_groups_are_told_with_version_origin_and_size(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        ann = create(unit, 1).id
        first = form(unit, "Guides", ann, externalId="00gX")
        second = form(unit, "Ours", origin=Origin.LOCAL)
        expected = [
            LocalGroup(first, "Guides", "00gX", Origin.SCIM, 1, 1),
            LocalGroup(second, "Ours", None, Origin.LOCAL, 1, 0),
        ]
        assert unit.groups.all() == tuple(sorted(expected, key=lambda one: one.id))
        found = unit.groups.find(first)
        assert found is not None
        assert (found[0], found[1].document["displayName"]) == (expected[0], "Guides")
        assert unit.groups.find(ann) is None
        assert unit.groups.find("nobody\0") is None


def test_members_are_told_with_who_okta_says_they_are(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        ann, bob, eve = (create(unit, number).id for number in (1, 2, 3))
        dan = create(unit, 4, origin=Origin.LOCAL, externalId=None, active=False).id
        inner = form(unit, "Inner", eve)
        group = form(unit, "Guides", ann, bob, dan, inner)
        rows = (assignment(1, ann), assignment(7, bob), assignment(8, bob), assignment(9))
        members = list(unit.groups.members(group, sealed(unit, *rows)))
    told = [(one.account.id, one.account.external_id) for one in members]
    assert told == [(ann, okta_id(1)), (bob, okta_id(2)), (dan, None)]
    assert [one.listed_as for one in members] in [[okta_id(1), okta_id(number), None] for number in (7, 8)]
    assert [(one.account.user_name, one.account.active, one.account.origin) for one in members] == [
        ("Person1@example.com", True, Origin.SCIM),
        ("Person2@example.com", True, Origin.SCIM),
        ("Person4@example.com", False, Origin.LOCAL),
    ]


def test_people_are_told_with_every_account_that_their_ids_point_to(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        ann, bob, twin = create(unit, 1).id, create(unit, 2).id, create(unit, 1, userName="twin").id
        snapshot_id = sealed(unit, assignment(1, bob), assignment(2), assignment(3, "nobody"))
        asked = [okta_id(number) for number in (1, 2, 3, 4)]
        people = unit.groups.linked(snapshot_id, asked)
        assert unit.groups.linked(snapshot_id, []) == ()
    told = {
        one.assignment.okta_user_id: {(candidate.account.id, candidate.keys) for candidate in one.candidates}
        for one in people
        if one.assignment
    }
    by_id, by_okta_id = frozenset({LinkKey.SCIM_ID}), frozenset({LinkKey.OKTA_USER_ID})
    assert told == {
        okta_id(1): {(ann, by_okta_id), (twin, by_okta_id), (bob, by_id)},
        okta_id(2): {(bob, by_okta_id)},
        okta_id(3): set(),
    }


@pytest.mark.parametrize("size", [MEMBERS_AT_ONCE - 1, MEMBERS_AT_ONCE, 2 * MEMBERS_AT_ONCE + 1])
def test_a_large_group_is_read_part_by_part_each_member_once(database: SqlDatabase, size: int) -> None:
    (group,) = furnish(database, size)
    with database.transaction(APP, CAUSE) as unit:
        snapshot_id = sealed(unit, assignment(1))
    parts: list[str] = []
    with database.reading(APP) as unit, watched(lambda sql, _: parts.append(sql) if "member_pk >" in sql else None):
        found = [one.account.id for one in unit.groups.members(group, snapshot_id)]
    assert found == member_ids(size)
    assert len(parts) == size // MEMBERS_AT_ONCE + 1
