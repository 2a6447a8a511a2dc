"""A right status with a wrong content is wrong."""

from typing import Any

import orjson
import pytest

from bench import checks
from bench.checks import Check
from bench.wire import Answer


def people(*ids: str, total: int | None = None) -> dict[str, Any]:
    found = [{"id": one, "userName": f"{one}@example.com"} for one in ids]
    return {"totalResults": len(ids) if total is None else total, "Resources": found}


def ignore(_: str) -> None:
    """Keep nothing."""


HIT = checks.lookup("a@example.com", "a")
MISS = checks.lookup("a@example.com", None)
PAGE = checks.page(total=5, length=2)
CREATED = checks.created("userName", "a@example.com", ignore)
SHOWS = checks.shows({"id": "a", "name": {"familyName": "Ng"}})
CHANGED = checks.changed({"active": False})
MEMBERS = checks.member_count(2)

RIGHT: list[tuple[Check, int, Any]] = [
    (HIT, 200, people("a")),
    (MISS, 200, people()),
    (MISS, 200, {"totalResults": 0}),
    (PAGE, 200, people("a", "b", total=5)),
    (CREATED, 201, {"id": "a", "userName": "a@example.com"}),
    (SHOWS, 200, {"id": "a", "name": {"familyName": "Ng", "givenName": "Ann"}}),
    (CHANGED, 200, {"active": False}),
    (CHANGED, 204, None),
    (MEMBERS, 200, {"members": [{"value": "a"}, {"value": "b"}]}),
    (checks.accepted, 204, None),
    (checks.accepted, 200, {}),
]
WRONG: list[tuple[Check, int, Any]] = [
    (HIT, 200, people("b")),
    (HIT, 200, people()),
    (HIT, 200, people("a", "b")),
    (HIT, 200, people("a", total=2)),
    (HIT, 404, people("a")),
    (MISS, 200, people("a")),
    (PAGE, 200, people("a", "b", total=6)),
    (PAGE, 200, people("a", total=5)),
    (PAGE, 200, people("a", "a", total=5)),
    (CREATED, 200, {"id": "a", "userName": "a@example.com"}),
    (CREATED, 201, {"id": "a", "userName": "b@example.com"}),
    (CREATED, 201, {"userName": "a@example.com"}),
    (SHOWS, 200, {"id": "a", "name": {"familyName": "Other"}}),
    (SHOWS, 200, {"id": "a"}),
    (SHOWS, 200, ["not", "an", "object"]),
    (CHANGED, 200, {"active": True}),
    (CHANGED, 501, None),
    (MEMBERS, 200, {"members": [{"value": "a"}, {"value": "a"}]}),
    (MEMBERS, 200, {}),
    (checks.accepted, 501, None),
]


def answer(status: int, body: Any) -> Answer:
    return Answer(status, b"" if body is None else orjson.dumps(body))


@pytest.mark.parametrize(("check", "status", "body"), RIGHT, ids=range(len(RIGHT)))
def test_a_right_answer_is_right(check: Check, status: int, body: Any) -> None:
    assert check(answer(status, body)) is None


@pytest.mark.parametrize(("check", "status", "body"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_answer_is_told(check: Check, status: int, body: Any) -> None:
    assert check(answer(status, body))


@pytest.mark.parametrize("check", [HIT, MISS, PAGE, SHOWS, CHANGED, MEMBERS], ids=range(6))
def test_what_is_no_json_is_wrong(check: Check) -> None:
    assert check(Answer(200, b"<html>"))


def test_the_id_of_a_new_resource_is_kept() -> None:
    kept: list[str] = []
    checks.created("userName", "a", kept.append)(answer(201, {"id": "7", "userName": "a"}))
    assert kept == ["7"]
