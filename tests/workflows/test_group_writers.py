"""Eight writers change one group at the same time: what each was told is true in one order of all their requests."""

import multiprocessing
from collections.abc import Iterable

import pytest

from syncd.store import SqlDatabase
from tests.conftest import APP
from tests.workflows.group_writers import Deed, write_in_process, write_in_threads
from tests.workflows.pushing import Pusher

WRITERS, PROCESSES = 8, 4
PUTS = pytest.mark.parametrize("putters", [0, 2], ids=["PATCH only", "PATCH and PUT"])


@pytest.fixture
def pusher(database: SqlDatabase) -> Pusher:
    return Pusher(database, APP)


@pytest.fixture
def people(pusher: Pusher) -> list[str]:
    return [pusher.user(f"user{number}") for number in range(16)]


@pytest.fixture
def path(pusher: Pusher, people: list[str]) -> str:
    """The path of a group with half of the people."""
    members = [{"value": one} for one in people[::2]]
    return f"/Groups/{pusher.send('POST', '/Groups', {'displayName': 'guides', 'members': members}).body['id']}"


@PUTS
def test_threads_lose_no_membership(pusher: Pusher, people: list[str], path: str, putters: int) -> None:
    hold_in_one_order(pusher, path, write_in_threads(pusher, path, people, putters, range(WRITERS)))


@PUTS
def test_processes_lose_no_membership(
    pusher: Pusher, database_url: str, people: list[str], path: str, putters: int
) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.workflows.group_writers"])
    work = [(database_url, path, people, putters, range(first, WRITERS, PROCESSES)) for first in range(PROCESSES)]
    # None begins before all have started, so that they do write at the same time.
    with context.Pool(PROCESSES, initializer=context.Barrier(PROCESSES, timeout=60).wait) as pool:
        deeds = [deed for done in pool.starmap(write_in_process, work, chunksize=1) for deed in done]
    hold_in_one_order(pusher, path, deeds)


def hold_in_one_order(pusher: Pusher, path: str, deeds: Iterable[Deed]) -> None:
    """Hold that the audit trail is a serial order in which every answer is true, and that it ends at what is stored."""
    states = states_by_version(pusher, path.rpartition("/")[2])
    for deed in deeds:
        state = states[deed.version]
        assert deed.present <= state
        assert not deed.absent & state
        assert state == deed.present or not deed.exactly
    with pusher.database.reading(APP) as unit:
        group = unit.resources.read("Group", path.rpartition("/")[2])
    assert {member.value for member in group.members or ()} == states[group.version]
    assert group.member_count == len(group.members or ()) == len(states[group.version])
    assert max(states) == group.version == len(states)


def states_by_version(pusher: Pusher, group_id: str) -> dict[int, frozenset[str]]:
    """Return who were the members at each version, from the audit trail alone, in which no version is missing.

    Who is told to have become a member was none before, and who is told to have ceased was one.
    """
    states: dict[int, frozenset[str]] = {0: frozenset()}
    with pusher.database.reading(APP) as unit:
        trail = unit.audit_trail(subject_id=group_id, limit=10_000)
    for version, event in enumerate(reversed(trail), 1):
        before = states[version - 1]
        added = frozenset(event.detail.get("members_added", ()))
        removed = frozenset(event.detail.get("members_removed", ()))
        assert event.detail["version"] == version
        assert not added & before
        assert removed <= before
        states[version] = (before - removed) | added
    del states[0]
    return states
