"""Whether an answer is right: its status and what it says. A check returns None, or what is wrong in a few words."""

from collections.abc import Callable
from typing import Any

import orjson

from bench.wire import Answer

Check = Callable[[Answer], str | None]


def lookup(name: str, user_id: str | None) -> Check:
    """Return the check of a search for a userName: the one user of that id, or nobody."""

    def check(answer: Answer) -> str | None:
        body = orjson.loads(answer.body)
        found = [(one["id"], one["userName"]) for one in body.get("Resources") or ()]
        expected = [] if user_id is None else [(user_id, name)]
        return None if found == expected and body["totalResults"] == len(expected) else "another result"

    return _answered(200, check)


def page(total: int | None, length: int) -> Check:
    """Return the check of a page: as many different users as asked for, and the total where it is known."""

    def check(answer: Answer) -> str | None:
        body = orjson.loads(answer.body)
        ids = {one["id"] for one in body.get("Resources") or ()}
        if total is not None and body["totalResults"] != total:
            return f"totalResults {body['totalResults']} instead of {total}"
        return None if len(ids) == length else f"{len(ids)} users instead of {length}"

    return _answered(200, check)


def created(attribute: str, value: str, keep: Callable[[str], None]) -> Check:
    """Return the check of a creation, that hands the new id to `keep`."""

    def check(answer: Answer) -> str | None:
        body = orjson.loads(answer.body)
        keep(body["id"])
        return None if body[attribute] == value else f"another {attribute}"

    return _answered(201, check)


def shows(expected: dict[str, Any]) -> Check:
    """Return the check of a resource: 200, and all that is expected of it is there with that value."""

    def check(answer: Answer) -> str | None:
        return _difference(orjson.loads(answer.body), expected)

    return _answered(200, check)


def changed(expected: dict[str, Any]) -> Check:
    """Return the check of a PATCH: 204, or 200 with the resource as it must be now (RFC 7644 section 3.5.2)."""
    shown = shows(expected)
    return lambda answer: None if answer.status == 204 else shown(answer)  # noqa: PLR2004  # a status


def member_count(count: int) -> Check:
    """Return the check of a group: 200, and that many different members."""

    def check(answer: Answer) -> str | None:
        found = len({one["value"] for one in orjson.loads(answer.body).get("members") or ()})
        return None if found == count else f"{found} members instead of {count}"

    return _answered(200, check)


def accepted(answer: Answer) -> str | None:
    """Check that a change was accepted; what became of it is looked up afterwards."""
    return None if answer.status in {200, 204} else _refusal(answer)


def _answered(status: int, check: Check) -> Check:
    def both(answer: Answer) -> str | None:
        if answer.status != status:
            return _refusal(answer)
        try:
            return check(answer)
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            return f"unreadable: {error!r}"

    return both


def _refusal(answer: Answer) -> str:
    """Return a status as a complaint; the figures are grouped by it, so it holds nothing of the body."""
    return f"status {answer.status}"


def _difference(found: Any, expected: dict[str, Any]) -> str | None:
    for name, value in expected.items():
        held = found[name]
        wrong = _difference(held, value) if isinstance(value, dict) else None if held == value else f"another {name}"
        if wrong:
            return wrong
    return None
