"""Loads a large directory quickly: the rows that the front door would have written, in bulk.

The first user and the first group go through the front door. Their rows are the pattern of all others: what follows
from the document is worked out by the store's own functions, everything else is copied. A test holds that nothing
differs from a directory that came through the front door.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Table, func, select

from bench.in_process.bulk import Bulk, Row, bulk
from bench.in_process.front_door import PROVIDER, FrontDoor, front_door, send
from bench.in_process.patterns import Pattern, Written
from bench.in_process.world import World, group_body, identity, user_body
from scim.core_schemas import GROUP_TYPE, USER_TYPE
from syncd.ports import Clock
from syncd.store.engine import make_engine
from syncd.store.tables import TYPE_CODES, attr_value, audit_event, counter, member, outbox, resource

CHUNK: Final = 2000
_Say = Callable[[str], None]
_TABLES: Final = (resource, attr_value, member, audit_event, outbox)
_NUMBERED: Final = (resource, audit_event, outbox)


class LoadError(Exception):
    """The front door refused what the pattern is made of."""


def load(url: str, world: World, clock: Clock, say: _Say) -> None:
    """Fill a database whose tables are current and empty. Raises `LoadError`."""
    names = _Names()
    with front_door(url, clock, names.next) as door:
        names.coming = identity("User", 1)
        users = first_user(url, door)
        _write(url, _users(users, world.users), say)
        first = group_body(1, world.members(1))
        names.coming = identity("Group", 1)
        _through(door, send("POST", "/Groups", first))
        groups = _pattern(url, GROUP_TYPE.name, identity("Group", 1))
        _write(url, _groups(groups, users.first_pk, world), say)
    count_more(url, {USER_TYPE.name: world.users - 1, GROUP_TYPE.name: world.groups - 1})


class _Names:
    """The source of ids that the front door is given: the next one is said beforehand."""

    def __init__(self) -> None:
        self.coming = ""

    def next(self) -> str:
        return self.coming


def first_user(url: str, door: FrontDoor) -> Pattern:
    """Make the first user, whose id the front door has to be given, and return the pattern of the others."""
    _through(door, send("POST", "/Users", user_body(1)))
    return _pattern(url, USER_TYPE.name, identity("User", 1))


def _through(door: FrontDoor, request: Any) -> None:
    answer = door.answer(request)
    if answer.status != 201:  # noqa: PLR2004  # created
        raise LoadError(f"{request.method} {request.path}: {answer.status} {answer.body.decode()}")


def _pattern(url: str, kind: str, resource_id: str) -> Pattern:
    """Return the rows that the front door has written for one resource."""
    with make_engine(url).connect() as connection:
        written = _one(connection, resource, resource.c.id == resource_id)
        event = _one(connection, audit_event, audit_event.c.subject_id == resource_id)
        handed_over = _one(connection, outbox, outbox.c.event_pk == event["pk"])
        membership = _one(connection, member, member.c.group_pk == written["pk"])
        indexed = _one(connection, attr_value, attr_value.c.resource_pk == written["pk"])
    resource_type = PROVIDER.resource_type(kind)
    if resource_type is None or not written:
        raise LoadError(f"There is no {kind} to take for a pattern.")
    return Pattern(resource_type, written, event, handed_over, membership, indexed)


def _one(connection: Connection, table: Table, condition: Any) -> Row:
    """Return a row as a dictionary, an empty one where there is none."""
    found = connection.execute(select(table).where(condition).limit(1)).mappings().first()
    return dict(found) if found else {}


def _users(pattern: Pattern, last: int) -> Iterator[Written]:
    for number in range(2, last + 1):
        yield pattern.rows(number, identity("User", number), user_body(number), [])


def _groups(pattern: Pattern, first_user: int, world: World) -> Iterator[Written]:
    for number in range(2, world.groups + 1):
        members = [(first_user + member - 1, identity("User", member)) for member in world.members(number)]
        yield pattern.rows(number, identity("Group", number), group_body(number, iter(())), members)


def _write(url: str, resources: Iterator[Written], say: _Say) -> None:
    done = 0
    with bulk(url) as target:
        for chunk in _in_chunks(resources):
            _write_chunk(target, chunk)
            done += len(chunk)
            if done % (50 * CHUNK) == 0:
                say(f"  {done:,} loaded")
        for table in _NUMBERED:
            target.count_on(table)


def _write_chunk(target: Bulk, chunk: list[Written]) -> None:
    for table in _TABLES:
        target.write(table, [row for written in chunk for row in written.get(table.name, ())])


def _in_chunks(resources: Iterable[Written]) -> Iterator[list[Written]]:
    source = iter(resources)
    while chunk := list(islice(source, CHUNK)):
        yield chunk


def count_more(url: str, more: dict[str, int]) -> None:
    """Add to the counters that the front door keeps; where it keeps none, there is none to add to."""
    with make_engine(url).connect() as connection, connection.begin():
        for kind, number in more.items():
            ours = counter.c.type == TYPE_CODES[kind]
            shard = select(func.min(counter.c.shard)).where(ours).scalar_subquery()
            connection.execute(
                counter.update().where(ours, counter.c.shard == shard).values(live=counter.c.live + number)
            )
