"""Many at once on one database: nothing is lost, nothing is there twice."""

import multiprocessing
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier, Event, Thread

import pytest

from scim.errors import Conflict, ScimError, Uniqueness
from scim.resource import Member, MembershipChange, StoredResource
from scim.store import Query
from syncd.core.changes import Cause, Change
from syncd.store import SqlDatabase, open_database
from tests.conftest import APP

CAUSE = Cause("test")
THREADS = 8
NONE = MembershipChange()


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def at_once(work: Callable[[int], object]) -> list[object]:
    """Run `work` in every thread at the same time, and return what each returned or raised."""
    barrier = Barrier(THREADS)

    def outcome(number: int) -> object:
        barrier.wait()
        try:
            return work(number)
        except ScimError as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(outcome, range(THREADS)))


def user(database: SqlDatabase, name: str) -> StoredResource:
    with database.transaction(APP, CAUSE) as unit:
        return unit.resources.create("User", {"userName": name})


def test_eight_threads_on_one_group_lose_no_membership(database: SqlDatabase) -> None:
    people = [user(database, f"user{number}") for number in range(THREADS * 4)]
    with database.transaction(APP, CAUSE) as unit:
        group_id = unit.resources.create("Group", {"displayName": "guides"}).id

    def add_four(thread: int) -> None:
        for person in people[thread::THREADS]:
            with database.transaction(APP, CAUSE) as unit:
                group = unit.resources.read("Group", group_id, with_members=False)
                unit.resources.update(group, group.document, MembershipChange(add=(Member(person.id),)))

    assert at_once(add_four) == [None] * THREADS
    with database.reading(APP) as unit:
        group = unit.resources.read("Group", group_id)
        assert {member.value for member in group.members or ()} == {person.id for person in people}
        assert (group.member_count, group.version) == (len(people), len(people) + 1)
        assert len(unit.audit_trail(subject_id=group_id)) == len(people) + 1


def test_of_groups_that_take_one_another_in_at_once_no_circle_comes_about(database: SqlDatabase) -> None:
    for attempt in range(4):
        with database.transaction(APP, CAUSE) as unit:
            names = [f"group{attempt}-{number}" for number in range(THREADS)]
            groups = [unit.resources.create("Group", {"displayName": name}).id for name in names]

        def take_the_next_one_in(thread: int, groups: list[str] = groups) -> None:
            with database.transaction(APP, CAUSE) as unit:
                group = unit.resources.read("Group", groups[thread], with_members=False)
                following = Member(groups[(thread + 1) % THREADS])
                unit.resources.update(group, group.document, MembershipChange(add=(following,)))

        outcomes = at_once(take_the_next_one_in)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvalidValue"] + ["NoneType"] * (THREADS - 1)


def test_members_that_are_deleted_while_others_are_added_are_counted_right(database: SqlDatabase) -> None:
    people = [user(database, f"user{number}") for number in range(THREADS * 2)]
    with database.transaction(APP, CAUSE) as unit:
        group_id = unit.resources.create("Group", {"displayName": "g"}, [Member(one.id) for one in people[::2]]).id

    def delete_or_add(thread: int) -> None:
        with database.transaction(APP, CAUSE) as unit:
            if thread % 2:
                unit.resources.delete("User", people[2 * thread].id)
            else:
                group = unit.resources.read("Group", group_id, with_members=False)
                added = (Member(people[2 * thread + 1].id), Member(people[2 * thread + 3].id))
                unit.resources.update(group, group.document, MembershipChange(add=added))

    assert at_once(delete_or_add) == [None] * THREADS
    with database.reading(APP) as unit:
        group = unit.resources.read("Group", group_id)
        assert group.member_count == len(group.members or ()) == THREADS - THREADS // 2 + THREADS


def test_of_many_who_create_one_name_exactly_one_succeeds(database: SqlDatabase) -> None:
    names = ["Ann", "ann", "ANN", "aNN"]
    outcomes = at_once(lambda thread: user(database, names[thread % len(names)]))
    assert Counter(map(type, outcomes)) == {StoredResource: 1, Uniqueness: THREADS - 1}
    with database.reading(APP) as unit:
        assert unit.resources.find(Query("User")).total == unit.count_audit_events() == 1


def test_of_many_who_take_one_name_by_renaming_exactly_one_succeeds(database: SqlDatabase) -> None:
    people = [user(database, f"user{number}") for number in range(THREADS)]

    def rename(thread: int) -> StoredResource:
        with database.transaction(APP, CAUSE) as unit:
            return unit.resources.update(people[thread], {"userName": "Ann"}, NONE)

    assert Counter(map(type, at_once(rename))) == {StoredResource: 1, Uniqueness: THREADS - 1}


def test_of_many_who_change_one_version_exactly_one_succeeds(database: SqlDatabase) -> None:
    ann = user(database, "ann")

    def retitle(thread: int) -> StoredResource:
        with database.transaction(APP, CAUSE) as unit:
            return unit.resources.update(ann, {"userName": "ann", "title": str(thread)}, NONE)

    assert Counter(map(type, at_once(retitle))) == {StoredResource: 1, Conflict: THREADS - 1}


def test_processes_that_create_the_same_names_make_each_once(database: SqlDatabase, database_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        created = pool.starmap(create_names, [(database_url, 25)] * 2)
    assert sum(created) == 25
    with database.reading(APP) as unit:
        assert unit.resources.find(Query("User")).total == unit.count_audit_events() == 25


def create_names(url: str, count: int) -> int:
    """Return how many of the names this process was the one to create."""
    database = open_database(url, clock=SystemClock(), new_id=lambda: str(uuid.uuid4()))
    created = 0
    for number in range(count):
        try:
            user(database, f"user{number}")
            created += 1
        except Uniqueness:
            pass
    database.close()
    return created


def test_a_reading_unit_sees_one_state_while_others_write(database: SqlDatabase) -> None:
    ann = user(database, "ann")
    with database.reading(APP) as unit:
        assert unit.resources.find(Query("User")).total == 1
        writer = Thread(target=user, args=(database, "bob"))
        writer.start()
        writer.join()
        assert unit.resources.find(Query("User")).total == 1
        assert unit.resources.read("User", ann.id) == ann
    with database.reading(APP) as unit:
        assert unit.resources.find(Query("User")).total == 2


@pytest.mark.postgres
def test_a_name_that_is_taken_between_check_and_write_is_refused_and_the_unit_goes_on(
    postgres_database: SqlDatabase,
) -> None:
    database = postgres_database
    ann, bob = user(database, "ann"), user(database, "bob")
    taken, outcomes = Event(), list[object]()

    def rename_bob() -> None:
        taken.wait()
        with database.transaction(APP, CAUSE) as unit:
            try:
                unit.record(Change("User", bob, {"userName": "carl"}))
            except Uniqueness as error:
                outcomes.append(error)
            unit.resources.create("User", {"userName": "dora"})

    rival = Thread(target=rename_bob)
    rival.start()
    with database.transaction(APP, CAUSE) as unit:
        unit.record(Change("User", ann, {"userName": "Carl"}))
        taken.set()
        rival.join(0.5)
        assert rival.is_alive(), "the second one waits until the first has committed"
    rival.join()
    assert [type(outcome) for outcome in outcomes] == [Uniqueness]
    with database.reading(APP) as unit:
        names = [one.document["userName"] for one in unit.resources.find(Query("User")).resources]
        assert names == ["Carl", "bob", "dora"]
