"""Loads accounts quickly: the row of one user, written as text for all of them.

A run reads accounts from one table alone, so that only this one is filled: no audit event, no indexed address. The
first user goes through the front door, the row of another one is worked out by `bench.in_process`, and in all others
what follows from the number is replaced. A test holds that they are the rows that the front door would have made.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

import orjson
from sqlalchemy import JSON

from bench.in_process.bulk import Row, bulk
from bench.in_process.front_door import front_door
from bench.in_process.loading import CHUNK, count_more, first_user
from bench.in_process.patterns import Pattern
from bench.in_process.world import identity, user_body
from bench.reconciler.people import person
from scim.core_schemas import USER_TYPE
from syncd.core.attributes import digest
from syncd.ports import Clock
from syncd.store.tables import resource

MODEL: Final = 9_182_736
"""The number of the user whose row the others are made from: each text that follows from it is found nowhere else."""

_IN_JSON: Final = frozenset(column.name for column in resource.c if isinstance(column.type, JSON))


def load_accounts(url: str, accounts: int, clock: Clock, say: Callable[[str], None]) -> None:
    """Fill a database whose tables are current and empty with users. Raises `LoadError`."""
    with front_door(url, clock, lambda: identity("User", 1)) as door:
        pattern = first_user(url, door)
    rows = account_rows(pattern, accounts)
    with bulk(url) as target:
        done = 1
        while chunk := list(islice(rows, CHUNK)):
            target.write(resource, chunk)
            done += len(chunk)
            if done % (100 * CHUNK) == 1:
                say(f"  {done:,} loaded")
        target.count_on(resource)
    count_more(url, {USER_TYPE.name: accounts - 1})


def account_rows(pattern: Pattern, last: int) -> Iterator[Row]:
    """Yield the rows of all users from the second to the last."""
    (model,) = pattern.rows(MODEL, identity("User", MODEL), user_body(MODEL), [])[resource.name]
    texts = {name: value for name, value in model.items() if isinstance(value, str)}
    documents = {name: orjson.dumps(model[name]).decode() for name in _IN_JSON if model[name] is not None}
    for number in range(2, last + 1):
        told = texts_of(number)
        agreeing = person(number).as_assignment().attributes
        yield {
            **model,
            **{name: rewritten(text, told) for name, text in texts.items()},
            **{name: orjson.Fragment(rewritten(text, told)) for name, text in documents.items()},
            "pk": pattern.first_pk + number - 1,
            "id": identity("User", number),
            "digest": digest(agreeing),
        }


def texts_of(number: int) -> tuple[str, ...]:
    """Return what is written of a number in a user, the longest first."""
    phone, department = f" {number % 10_000:04d}", f"epartment {number % 50}"
    return f"00u{number:017d}", f"{number:08d}", str(number), phone, department


def rewritten(text: str, told: tuple[str, ...]) -> str:
    """Return a text about the model as one about another user, of whom that is told."""
    for old, new in zip(_OF_MODEL, told, strict=True):
        text = text.replace(old, new)
    return text


_OF_MODEL: Final = texts_of(MODEL)
