"""What one server holds, as the generator knows it: who was created, and in which groups they are."""

from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from bench import bodies, checks
from bench.load import Bounds, Step, run, take
from bench.requests import Requests
from bench.samples import TIMED_OUT, Sample
from bench.scale import CONNECTIONS
from bench.servers import Running
from bench.wire import Answer, Connection

MOST_AT_ONCE = 1000
"""Members that one PATCH adds while a group is filled."""


class Person(NamedTuple):
    """A user that the server has: its number, which all its values are made of, and its id."""

    number: int
    id: str


class Directory:
    """One server's content, and the connections to it."""

    def __init__(self, server: Running, connections: int = CONNECTIONS) -> None:
        self.server = server
        self.requests = Requests(server.port, server.base_path, server.token)
        self.connections = [Connection(server.port) for _ in range(connections)]
        self.users: list[Person] = []
        self.groups: list[str] = []
        self.members: Counter[str] = Counter()
        self._taken: Counter[str] = Counter()
        self._sure = True
        self.numbers = count(1)

    def close(self) -> None:
        """Close the connections."""
        for connection in self.connections:
            connection.close()

    def creation(self, number: int) -> Step:
        """Return the step that creates a user; when it went well, the user is known here."""

        def keep(user_id: str) -> None:
            self.users.append(Person(number, user_id))

        check = checks.created("userName", bodies.user_name(number), keep)
        return Step(self.requests.create_user(number), check)

    def addition(self, group_id: str, people: list[Person]) -> Step:
        """Return the step that adds members to a group, none of whom is in it."""
        body = bodies.add_members([(one.id, f"Given{one.number}") for one in people])
        return Step(self.requests.patch_group(group_id, body), self._counting(group_id, len(people)))

    def take_unused(self, group_id: str, length: int) -> list[Person]:
        """Return the next users that were never meant for that group."""
        first = self._taken[group_id]
        self._taken[group_id] += length
        return self.users[first : first + length]

    def removal(self, group_id: str, person: Person) -> Step:
        """Return the step that removes a member from a group."""
        request = self.requests.patch_group(group_id, bodies.remove_member(person.id))
        return Step(request, self._counting(group_id, -1))

    def note(self, sample: Sample) -> Sample:
        """Take notice of a request that was left alone: what it does to the server is not known, so counts are not."""
        self._sure = self._sure and TIMED_OUT not in sample.wrong
        return sample

    @property
    def total(self) -> int | None:
        """How many users the server has; None when it is not known for sure."""
        return len(self.users) if self._sure else None

    def memberships(self, group_id: str) -> list[Step]:
        """Return the step that reads a group and counts its members, or none where the number is not known for sure."""
        check = checks.member_count(self.members[group_id])
        return [Step(self.requests.read_group(group_id), check)] if self._sure else []

    def group_creation(self, name: str) -> Step:
        """Return the step that creates a group; when it went well, the group is known here."""
        return Step(self.requests.create_group(name), checks.created("displayName", name, self.groups.append))

    async def come_to_rest(self, seconds: float) -> None:
        """Wait until a server that was left alone with a request answers again, for so many seconds at most."""
        step = Step(self.requests.get("/ServiceProviderConfig"), lambda _: None)
        await take(self.connections[0], step, Sample(), patience=seconds)

    async def fill(self, size: int, bounds: Bounds) -> Sample:
        """Create users until there are `size` of them, or time is up."""
        missing = size - len(self.users)
        return self.note(await run(self.connections, self._creations(missing), bounds))

    def unused_group_name(self) -> str:
        """Return a displayName that no group has."""
        return f"Group {len(self.groups)}"

    async def make_group(self, name: str, bounds: Bounds) -> str | None:
        """Create a group and return its id, or None when that failed."""
        sample = self.note(await run(self.connections[:1], [self.group_creation(name)], bounds))
        return self.groups[-1] if sample.is_right else None

    async def fill_group(self, group_id: str, size: int, bounds: Bounds) -> bool:
        """Add the first users to the group until it has `size` members; return whether it came to that in time."""
        self.note(await run(self.connections[:1], self._additions(group_id, size), bounds))
        return self.members[group_id] == size

    def _creations(self, missing: int) -> Iterator[Step]:
        return (self.creation(next(self.numbers)) for _ in range(missing))

    def _additions(self, group_id: str, size: int) -> Iterator[Step]:
        while (held := self.members[group_id]) < size:
            yield self.addition(group_id, self.take_unused(group_id, min(size - held, MOST_AT_ONCE)))

    def _counting(self, group_id: str, growth: int) -> checks.Check:
        def check(answer: Answer) -> str | None:
            complaint = checks.accepted(answer)
            if complaint is None:
                self.members[group_id] += growth
            return complaint

        return check
