"""What one request costs in a large directory: median and 99th percentile, one request at a time."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import orjson

from bench import bodies
from bench.in_process.front_door import FrontDoor, get, send
from bench.in_process.world import World, identity, user_body
from bench.samples import percentile
from scim.exchange import ScimRequest, ScimResponse

PAGE: Final = 100
SECONDS: Final = 30.0
"""After so many seconds an operation is not repeated any more."""

WARM_UP: Final = 20
SMALL, LARGE = 1, 2
"""The numbers of the two groups that members are added to."""


class WrongAnswerError(Exception):
    """syncd did not answer as it must; the message has its own words."""


class Took(NamedTuple):
    """Seconds that one request took: by the clock, and of processor time in this process."""

    wall: float
    cpu: float


class Cost(NamedTuple):
    """Milliseconds of one operation: median and 99th percentile by the clock, and median of processor time."""

    p50: float
    p99: float
    cpu: float
    requests: int


class Question(NamedTuple):
    """A request, the status that its answer must have, and how many resources must be on a page; 0 for no page."""

    request: ScimRequest
    status: tuple[int, ...] = (200,)
    on_page: int = 0


def measure(door: FrontDoor, world: World, requests: int) -> Iterator[tuple[str, Cost]]:
    """Yield each operation with its cost, from at most so many requests. Raises `WrongAnswerError`."""
    pick = random.Random(world.users)  # noqa: S311  # the same users in every run
    for name, questions in _alone(world, requests, pick).items():
        yield name, _cost(_run(door, questions))
    yield from _memberships(door, world, requests)


def _alone(world: World, requests: int, pick: random.Random) -> Mapping[str, Sequence[Question]]:
    """Return the operations whose requests are asked one after the other."""
    numbers = [pick.randint(1, world.users) for _ in range(requests + WARM_UP)]
    new = range(world.users + 1, world.users + 1 + requests + WARM_UP)
    return {
        "read": [Question(get(f"/Users/{identity('User', number)}")) for number in numbers],
        "lookup": [_lookup(number) for number in numbers],
        **_pages(world, requests, pick),
        "create": [Question(send("POST", "/Users", user_body(number)), (201,)) for number in new],
    }


def _lookup(number: int) -> Question:
    condition = f'userName eq "{bodies.user_name(number)}"'
    return Question(get("/Users", filter=condition, startIndex="1", count="100"), on_page=1)


def _pages(world: World, requests: int, pick: random.Random) -> Mapping[str, Sequence[Question]]:
    """Return pages at three depths: each walked, page after page, and jumped to, in no order.

    Where a jump lands, no walk has been: whatever is remembered of a page does not help to find it.
    """
    pages = min(requests + WARM_UP, max(1, world.users // PAGE // 4))
    depths = {"first": 0, "middle": world.users // 2, "last": world.users - pages * PAGE}
    questions: dict[str, Sequence[Question]] = {}
    for depth, before in depths.items():
        walked = [before + number * PAGE for number in range(pages)]
        jumped = [skipped + 1 + pick.randrange(PAGE - 1) for skipped in walked[:-1]]
        pick.shuffle(jumped)
        questions[f"page_{depth}_walked"] = [_page(skipped) for skipped in walked]
        questions[f"page_{depth}_jumped"] = [_page(skipped) for skipped in jumped]
    return questions


def _page(skipped: int) -> Question:
    return Question(get("/Users", startIndex=str(skipped + 1), count=str(PAGE)), on_page=PAGE)


def _memberships(door: FrontDoor, world: World, requests: int) -> Iterator[tuple[str, Cost]]:
    """Add a member to the small group and to the large one, in turn, and remove it again: both keep their size."""
    names = {"small": SMALL, "large": LARGE}
    took: dict[str, list[Took]] = {f"{what}_{size}": [] for what in ("add", "remove") for size in names}
    end = time.perf_counter() + SECONDS
    for number in range(world.large_group + 1, world.large_group + 1 + requests):
        member = identity("User", number)
        for size, group in names.items():
            path = f"/Groups/{identity('Group', group)}"
            adding = send("PATCH", path, bodies.add_members([(member, f"Given{number}")]))
            removing = send("PATCH", path, bodies.remove_member(member))
            took[f"add_{size}"].append(_ask(door, Question(adding, (200, 204))))
            took[f"remove_{size}"].append(_ask(door, Question(removing, (200, 204))))
        if time.perf_counter() > end:
            break
    for name, measured in took.items():
        yield name, _cost(measured)


def _run(door: FrontDoor, questions: Sequence[Question]) -> list[Took]:
    """Ask the questions one after the other, as many as there is time for, and return what each took."""
    end = time.perf_counter() + SECONDS
    took = []
    for question in questions:
        took.append(_ask(door, question))
        if time.perf_counter() > end:
            break
    return took


def _ask(door: FrontDoor, question: Question) -> Took:
    started, worked = time.perf_counter(), time.process_time()
    answer = door.answer(question.request)
    took = Took(time.perf_counter() - started, time.process_time() - worked)
    _require(question, answer)
    return took


def _require(question: Question, answer: ScimResponse) -> None:
    right = answer.status in question.status
    if right and question.on_page:
        right = len(orjson.loads(answer.body)["Resources"]) == question.on_page
    if not right:
        request = question.request
        raise WrongAnswerError(
            f"{request.method} {request.path} {request.query}: {answer.status} {answer.body[:300]!r}"
        )


def _cost(measured: Sequence[Took]) -> Cost:
    """Return the cost of all but the first requests. Raises `WrongAnswerError` when there are none."""
    took = measured[min(WARM_UP, len(measured) // 2) :]
    wall, cpu = [one.wall for one in took], [one.cpu for one in took]
    p50, p99, worked = percentile(wall, 0.5), percentile(wall, 0.99), percentile(cpu, 0.5)
    if p50 is None or p99 is None or worked is None:
        raise WrongAnswerError("Nothing was asked.")
    return Cost(p50 * 1000, p99 * 1000, worked * 1000, len(took))
