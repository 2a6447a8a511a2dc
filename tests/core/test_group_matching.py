"""Every group is in exactly one situation, whatever order they come in; what is ambiguous is frozen."""

from collections import Counter
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.group_matching import (
    COMPARED,
    GROUP_DISPATCH,
    MAPPING_SAYS,
    Bond,
    GroupFinding,
    Push,
    classify_group,
    match_groups,
    ties_of,
)
from syncd.core.groups import GroupMapping, LocalGroup
from syncd.core.situations import EFFECTS, Situation
from syncd.core.subjects import Origin
from tests.core.group_builders import group, mapping


def found(mappings: list[GroupMapping], groups: list[LocalGroup]) -> list[GroupFinding]:
    return [classify_group(subject) for subject in match_groups(mappings, groups)]


def situations(mappings: list[GroupMapping], groups: list[LocalGroup]) -> list[Situation]:
    return [one.situation for one in found(mappings, groups)]


CASES: dict[str, tuple[list[GroupMapping], list[LocalGroup], list[Situation]]] = {
    "by target": ([mapping(target="g1")], [group()], [Situation.IN_SYNC]),
    "by target, in another case": ([mapping(target="g1", name="GUIDES")], [group()], [Situation.IN_SYNC]),
    "by external id": ([mapping(target="00gX")], [group(external_id="00gX")], [Situation.IN_SYNC]),
    "by the id of the group in Okta": ([mapping()], [group(external_id="00g1")], [Situation.IN_SYNC]),
    "by name": ([mapping(name="gUides")], [group()], [Situation.IN_SYNC]),
    "by name, whatever dead target": ([mapping(target="gone")], [group()], [Situation.IN_SYNC]),
    "renamed": ([mapping(target="g1", name="Tours")], [group()], [Situation.GROUP_RENAMED]),
    "missing": ([mapping()], [], [Situation.GROUP_MISSING]),
    "missing by name": ([mapping(name="Tours")], [group()], [Situation.GROUP_MISSING, Situation.GROUP_ORPHAN]),
    "orphan": ([], [group()], [Situation.GROUP_ORPHAN]),
    "after a push that failed": ([mapping(target="g1", status="ERROR")], [group()], [Situation.IN_SYNC]),
    "paused": ([mapping(target="g1", status="INACTIVE")], [group()], [Situation.GROUP_ORPHAN]),
    "paused, and none here": ([mapping(status="INACTIVE")], [], [Situation.IN_SYNC]),
    "a status of tomorrow": ([mapping(target="g1", status="HIBERNATING")], [group()], [Situation.UNKNOWN]),
    "gone in Okta": ([mapping(target="g1", name=None)], [group()], [Situation.UNKNOWN]),
    "not from SCIM": ([mapping(target="g1")], [group(origin=Origin.LOCAL)], [Situation.UNMANAGED]),
    "not from SCIM, alone": ([], [group(origin=Origin.LOCAL)], [Situation.UNMANAGED]),
    "two groups, by id and by name": (
        [mapping(target="g1", name="Tours")],
        [group(), group(2, "Tours")],
        [Situation.GROUP_CLASH],
    ),
    "two mappings of one group": (
        [mapping(1, target="g1"), mapping(2, "Tours", target="g1")],
        [group()],
        [Situation.GROUP_CLASH],
    ),
    "names exchanged": (
        [mapping(1, "Tours", target="g1"), mapping(2, "Guides", target="g2")],
        [group(), group(2, "Tours")],
        [Situation.GROUP_CLASH],
    ),
    "two groups of one external id": (
        [],
        [group(external_id="00gX"), group(2, "Tours", external_id="00gX")],
        [Situation.GROUP_CLASH],
    ),
    "two mappings of one name, and none here": ([mapping(1), mapping(2)], [], [Situation.GROUP_CLASH]),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_group_is(name: str) -> None:
    mappings, groups, expected = CASES[name]
    assert sorted(situations(mappings, groups)) == sorted(expected)


def test_a_group_that_only_its_name_ties_says_so() -> None:
    by_name, by_id = found([mapping()], [group()])[0], found([mapping(target="g1")], [group()])[0]
    assert (by_name.by_name, by_id.by_name) == (True, False)


def test_the_table_has_a_row_for_all_that_can_occur_and_no_other() -> None:
    mapped = {Push.ACTIVE, Push.PAUSED, Push.UNKNOWN}
    occurs = {(bond, push) for bond, push in product(set(Bond) - {Bond.GROUP, Bond.CLASHING, Bond.FOREIGN}, mapped)}
    occurs |= {(Bond.GROUP, Push.NONE)} | {(bond, push) for bond in (Bond.CLASHING, Bond.FOREIGN) for push in Push}
    assert set(GROUP_DISPATCH) == occurs
    assert set(MAPPING_SAYS.values()) == {Push.ACTIVE, Push.PAUSED}


def test_nothing_but_a_pair_is_changed_or_compared() -> None:
    for (bond, push), situation in GROUP_DISPATCH.items():
        if situation in EFFECTS or (situation in COMPARED and push is not Push.PAUSED):
            assert (bond in {Bond.ID, Bond.ID_OTHER_NAME, Bond.NAME}, push) == (True, Push.ACTIVE)


NAMES = st.sampled_from(["a", "A", "b", "c"])
TARGETS = st.sampled_from([None, "g1", "g2", "g3", "00gX", "gone"])
STATUSES = st.sampled_from(["ACTIVE", "ERROR", "INACTIVE", "NEW"])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[GroupMapping], list[LocalGroup]]:
    mappings = [
        mapping(number, draw(st.none() | NAMES), draw(TARGETS), draw(STATUSES))
        for number in range(draw(st.integers(0, 4)))
    ]
    groups = [
        group(number, f"{draw(NAMES)}", external_id=draw(st.sampled_from([None, "00g0", "00g1", "00gX"])))
        for number in range(draw(st.integers(0, 4)))
    ]
    return mappings, groups


@given(worlds(), st.randoms())
def test_order_says_nothing(world: tuple[list[GroupMapping], list[LocalGroup]], random: Random) -> None:
    mappings, groups = world
    shuffled = random.sample(mappings, len(mappings)), random.sample(groups, len(groups))
    assert match_groups(*shuffled) == match_groups(mappings, groups)


@given(worlds())
def test_each_is_in_exactly_one_subject(world: tuple[list[GroupMapping], list[LocalGroup]]) -> None:
    mappings, groups = world
    subjects = match_groups(mappings, groups)
    assert Counter(one for subject in subjects for one in subject.mappings) == Counter(mappings)
    assert Counter(one for subject in subjects for one in subject.groups) == Counter(groups)
    for subject in subjects:
        classify_group(subject)


@given(worlds())
def test_a_change_is_only_of_a_group_that_nobody_else_claims(
    world: tuple[list[GroupMapping], list[LocalGroup]],
) -> None:
    mappings, groups = world
    for one in found(mappings, groups):
        if one.situation is Situation.GROUP_RENAMED or (one.situation is Situation.IN_SYNC and one.group):
            assert one.group is not None
            assert one.mapping is not None
            claims = [other for other in mappings if other.target_group_id in {one.group.id, one.group.external_id}]
            assert [other for other in claims if other.target_group_id and other != one.mapping] == []


@pytest.mark.parametrize("case", CASES)
def test_the_ties_are_what_a_run_finds(case: str) -> None:
    mappings, groups, _ = CASES[case]
    ties = ties_of(mappings, groups)
    subjects = match_groups(mappings, groups)
    assert len(ties) == sum(len(one.mappings) * len(one.groups) for one in subjects)
    pairs = {
        (one.mapping.okta_group_id, one.group.id): one for one in found(mappings, groups) if one.mapping and one.group
    }
    clashes = [one for one in ties.values() if one.situation is Situation.GROUP_CLASH]
    assert {key: one for key, one in ties.items() if one not in clashes} == pairs
    assert all(one in found(mappings, groups) for one in clashes)
