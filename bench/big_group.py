"""One large group: add a member, remove one, add a thousand. One connection, because all of it changes one resource."""

import asyncio
from collections.abc import Mapping
from typing import Final

from bench.directory import MOST_AT_ONCE, Directory, Person
from bench.load import Bounds, Step
from bench.operations import Plan, measure
from bench.progress import say, told
from bench.results import Key, Results
from bench.samples import Sample
from bench.scale import Scale
from bench.servers import KINDS
from bench.wire import Answer

BIG_GROUP: Final = {
    "big_add": "add one member",
    "big_remove": "remove one member",
    "big_add_1000": "add 1,000 members at once",
}
_THOUSANDS: Final = 2
_MOST_COUNTED: Final = 10_000
"""Members up to which a group is read whole after a run, to see that it has those that were accepted."""


def spare_users(scale: Scale) -> int:
    """Return how many users are needed beyond the largest group."""
    return scale.grown_rounds * scale.grown_requests + _THOUSANDS * MOST_AT_ONCE


async def measure_group(directories: Mapping[str, Directory], size: int, scale: Scale, results: Results) -> None:
    """Make a group of that size on every server at the same time, then change it, the servers in turn."""
    say(f"filling a group to {size:,} members")
    made = await asyncio.gather(*(_filled(directory, size, scale) for directory in directories.values()))
    groups = {server: group_id for server, group_id in zip(directories, made, strict=True) if group_id}
    for server in directories.keys() - groups.keys():
        say(f"  {KINDS[server].title}: not in {scale.filling / 2:g} s")
        results.miss(BIG_GROUP, [size], server)
    for number in range(1, scale.grown_rounds + 1):
        for server, group_id in groups.items():
            say(f"{size:,} members, round {number}/{scale.grown_rounds}, {KINDS[server].title}:")
            await _one_by_one(directories[server], group_id, Key("", size, server), scale, results)
    for server, group_id in groups.items():
        say(f"{size:,} members, {KINDS[server].title}:")
        plan = _additions(directories[server], group_id, _THOUSANDS, MOST_AT_ONCE)
        await _measured(directories[server], Key("big_add_1000", size, server), plan, scale, results)


async def _filled(directory: Directory, size: int, scale: Scale) -> str | None:
    bounds = Bounds(scale.filling / 2, scale.grown.patience * 3)
    group_id = await directory.make_group(f"Group of {size}", bounds)
    if group_id and await directory.fill_group(group_id, size, bounds):
        return group_id
    await directory.come_to_rest(bounds.patience)
    return None


async def _one_by_one(directory: Directory, group_id: str, at: Key, scale: Scale, results: Results) -> None:
    """Add members one by one, and remove them again, so that the group keeps its size."""
    requests = min(scale.grown_requests, max(10, at.size // 10))
    added: list[Person] = []
    plan = _additions(directory, group_id, requests, 1, added)
    await _measured(directory, at._replace(operation="big_add"), plan, scale, results)
    steps = [directory.removal(group_id, person) for person in added]
    await _measured(directory, at._replace(operation="big_remove"), _plan(directory, group_id, steps), scale, results)


async def _measured(directory: Directory, key: Key, plan: Plan, scale: Scale, results: Results) -> None:
    if results.is_hopeless(key) or not plan.steps:
        return

    async def prepared(_directory: Directory, _requests: int) -> Plan:
        return plan

    sample: Sample = await measure(directory, prepared, len(plan.steps), scale.grown, connections=1)
    results.add(key, sample)
    told(key.operation, sample)


def _additions(
    directory: Directory, group_id: str, requests: int, at_once: int, added: list[Person] | None = None
) -> Plan:
    """Return the plan that adds users to a group, so many at once; whoever was accepted is put into `added`."""
    groups_of_people = [directory.take_unused(group_id, at_once) for _ in range(requests)]
    steps = [_noting(directory.addition(group_id, people), people, added) for people in groups_of_people]
    return _plan(directory, group_id, steps)


def _noting(step: Step, people: list[Person], added: list[Person] | None) -> Step:
    def check(answer: Answer) -> str | None:
        complaint = step.check(answer)
        if complaint is None and added is not None:
            added.extend(people)
        return complaint

    return Step(step.request, check)


def _plan(directory: Directory, group_id: str, steps: list[Step]) -> Plan:
    def proofs() -> list[Step]:
        return directory.memberships(group_id) if directory.members[group_id] <= _MOST_COUNTED else []

    return Plan(steps, proofs)
