"""The operations on a small directory, one at a time, on all connections.

Each is prepared (requests encoded, groups filled) before the clock starts. Answers are checked as they come; what an
answer need not show is looked up when the run is over.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Final

from bench import bodies, checks
from bench.directory import Directory, Person
from bench.load import Bounds, Step, run, take
from bench.samples import TIMED_OUT, Sample
from bench.wire import Answer

GROUPS: Final = 16
"""Groups that memberships are spread over, so that no two requests change one group at a time."""

GROUP_SIZE: Final = 100
PAGE: Final = 100
DOZEN: Final = 12
REST: Final = 120.0
"""Seconds that a server has to end what nobody waits for any more."""


class UnpreparedError(Exception):
    """What an operation needs could not be made on this server."""


@dataclass(slots=True)
class Plan:
    """What to send, and what to ask afterwards."""

    steps: list[Step]
    proofs: Callable[[], list[Step]] = field(default=list)


Prepare = Callable[[Directory, int], Awaitable[Plan]]


async def measure(directory: Directory, prepare: Prepare, requests: int, bounds: Bounds, connections: int) -> Sample:
    """Run one operation with at most so many requests, and return its sample; a failed proof makes it wrong."""
    try:
        plan = await prepare(directory, requests)
    except UnpreparedError as error:
        return Sample(wrong=Counter([str(error)]))
    worked = directory.server.cpu()
    sample = await run(directory.connections[:connections], plan.steps, bounds)
    sample.cpu = directory.server.cpu() - worked
    directory.note(sample)
    if sample.is_right:
        await prove(directory, plan.proofs(), sample, bounds.patience)
    if TIMED_OUT in sample.wrong:
        await directory.come_to_rest(REST)
    return sample


async def prove(directory: Directory, proofs: Sequence[Step], sample: Sample, patience: float) -> None:
    """Look up what must be true after a run, and write what is not into its sample. Too slow is not wrong."""
    for proof in proofs:
        looked_up = Sample()
        await take(directory.connections[0], proof, looked_up, patience)
        if TIMED_OUT in looked_up.wrong:
            await directory.come_to_rest(REST)
        else:
            sample.wrong += looked_up.wrong


async def _lookup_hit(directory: Directory, requests: int) -> Plan:
    people = _spread(directory, requests)
    return Plan([_lookup(directory, one.number, one.id) for one in people])


async def _lookup_miss(directory: Directory, requests: int) -> Plan:
    beyond = 900_000_000
    return Plan([_lookup(directory, beyond + number, None) for number in range(requests)])


def _lookup(directory: Directory, number: int, user_id: str | None) -> Step:
    name = bodies.user_name(number)
    return Step(directory.requests.lookup(name), checks.lookup(name, user_id))


async def _create(directory: Directory, requests: int) -> Plan:
    return Plan([directory.creation(next(directory.numbers)) for _ in range(requests)])


async def _read(directory: Directory, requests: int) -> Plan:
    return Plan(
        [
            Step(
                directory.requests.read_user(one.id),
                checks.shows({"id": one.id, "userName": bodies.user_name(one.number)}),
            )
            for one in _spread(directory, requests)
        ]
    )


async def _put(directory: Directory, requests: int) -> Plan:
    return Plan(
        [
            Step(
                directory.requests.put_user(one.number, one.id, "Renamed"),
                checks.shows({"id": one.id, "name": {"familyName": "Renamed"}}),
            )
            for one in _spread(directory, requests)
        ]
    )


async def _patch_active(directory: Directory, requests: int) -> Plan:
    """Close accounts and open them again, by the dozen, so that every request changes something.

    The last one of a dozen stays closed, so that it can be seen afterwards that something was done.
    """
    people = _spread(directory, (requests + 1) // 2 + DOZEN)
    now: dict[Person, bool] = {}
    steps: list[Step] = []
    for first in range(0, len(people), DOZEN):
        dozen = people[first : first + DOZEN]
        steps += [_set_active(directory, one, active=False, now=now) for one in dozen]
        steps += [_set_active(directory, one, active=True, now=now) for one in dozen[:-1]]

    def proofs() -> list[Step]:
        told = sorted(now.items(), key=lambda item: item[1])
        return [
            Step(directory.requests.read_user(one.id), checks.shows({"active": is_open}))
            for one, is_open in (*told[:2], *told[-2:])
        ]

    return Plan(steps[:requests], proofs)


def _set_active(directory: Directory, person: Person, *, active: bool, now: dict[Person, bool]) -> Step:
    shown = checks.changed({"active": active})

    def check(answer: Answer) -> str | None:
        complaint = shown(answer)
        if complaint is None:
            now[person] = active
        return complaint

    return Step(directory.requests.patch_user(person.id, bodies.set_active(active)), check)


async def _page(directory: Directory, requests: int) -> Plan:
    length = min(PAGE, len(directory.users))
    return Plan([Step(directory.requests.page(1, PAGE), checks.page(directory.total, length))] * requests)


async def _page_last(directory: Directory, requests: int) -> Plan:
    users = len(directory.users)
    length = min(PAGE, users)
    return Plan(
        [Step(directory.requests.page(users - length + 1, PAGE), checks.page(directory.total, length))] * requests
    )


async def _group_create(directory: Directory, requests: int) -> Plan:
    made = len(directory.groups)
    return Plan([directory.group_creation(f"Group {made + number}") for number in range(requests)])


async def _group_add(directory: Directory, requests: int) -> Plan:
    groups = await _full_groups(directory)
    left = (len(directory.users) - GROUP_SIZE) * GROUPS
    steps = [
        directory.addition(group_id, directory.take_unused(group_id, 1))
        for group_id in islice(cycle(groups), min(requests, left))
    ]
    return Plan(steps, lambda: directory.memberships(groups[0]))


async def _group_remove(directory: Directory, requests: int) -> Plan:
    groups = await _full_groups(directory)
    steps = [
        directory.removal(groups[number % GROUPS], directory.users[number // GROUPS])
        for number in range(min(requests, GROUP_SIZE * GROUPS))
    ]
    return Plan(steps, lambda: directory.memberships(groups[0]))


async def _full_groups(directory: Directory) -> list[str]:
    """Make groups of a hundred members. Raises `UnpreparedError` when the server does not."""
    bounds = Bounds(60, 20)
    made: list[str] = []
    for _ in range(GROUPS):
        group_id = await directory.make_group(directory.unused_group_name(), bounds)
        if group_id is None or not await directory.fill_group(group_id, GROUP_SIZE, bounds):
            raise UnpreparedError("a group of 100 could not be made")
        made.append(group_id)
    return made


def _spread(directory: Directory, requests: int) -> list[Person]:
    """Return that many users, from all over the directory."""
    total = len(directory.users)
    return [directory.users[number * 7919 % total] for number in range(requests)]


OPERATIONS: Final[Mapping[str, tuple[str, Prepare]]] = {
    "create": ("create a user", _create),
    "lookup_hit": ("lookup by userName, hit", _lookup_hit),
    "lookup_miss": ("lookup by userName, miss", _lookup_miss),
    "read": ("read a user", _read),
    "put": ("PUT a user", _put),
    "patch_active": ("PATCH active, off and on", _patch_active),
    "page": ("page of 100 users", _page),
    "group_create": ("create a group", _group_create),
    "group_add": ("add one member (groups of 100)", _group_add),
    "group_remove": ("remove one member (groups of 100)", _group_remove),
}
"""Name -> title and preparation, in the order in which they are run on a small directory."""

GROWN: Final[Mapping[str, tuple[str, Prepare]]] = {
    "grown_lookup": ("lookup by userName, hit", _lookup_hit),
    "grown_read": ("read a user", _read),
    "grown_page_first": ("page of 100, first", _page),
    "grown_page_last": ("page of 100, last", _page_last),
    "grown_create": ("create a user", _create),
}
"""The same for a directory that grows."""
