"""A listing as a function of its size: whom Okta assigns, and what of it differs from the accounts.

The accounts are those of `bench.in_process`: numbered from 1, and all else follows from the number.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, NamedTuple

from bench import bodies
from bench.in_process.world import identity
from syncd.core.attributes import DEPARTMENT, FAMILY_NAME, GIVEN_NAME, USER_NAME, WORK_EMAIL
from syncd.core.subjects import Assignment
from syncd.ports import AssignmentPage

APP_ID: Final = "0oabench000000000001"
PAGE: Final = 500
"""As many rows as Okta gives at most."""


class Served(NamedTuple):
    """Where an org serves the listing, and the token for it."""

    url: str
    token: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in Okta who is assigned: the id there, ours if Okta has it, what Okta would push, and two statuses."""

    okta_user_id: str
    scim_id: str | None
    user_name: str
    given_name: str
    family_name: str
    department: str
    app_status: str = "PROVISIONED"
    user_status: str = "ACTIVE"

    def as_assignment(self) -> Assignment:
        """Return what a listing says of the person."""
        return Assignment(
            self.okta_user_id,
            self.user_name,
            self.scim_id,
            self.app_status,
            self.user_status,
            "USER",
            "SYNCHRONIZED",
            {
                USER_NAME: self.user_name,
                GIVEN_NAME: self.given_name,
                FAMILY_NAME: self.family_name,
                WORK_EMAIL: self.user_name,
                DEPARTMENT: self.department,
            },
        )


def person(number: int) -> Person:
    """Return the person who agrees with the account of that number."""
    pushed = bodies.user(number)
    return Person(
        pushed["externalId"],
        identity("User", number),
        pushed["userName"],
        pushed["name"]["givenName"],
        pushed["name"]["familyName"],
        pushed[bodies.ENTERPRISE]["department"],
    )


# How those who differ do so, in turn; None is not listed at all.
DIFFERENCES: Final[Mapping[str, Callable[[Person], Person | None]]] = {
    "not assigned": lambda _: None,
    "another given name": lambda one: replace(one, given_name="Renamed"),
    "suspended": lambda one: replace(one, user_status="SUSPENDED"),
    "another department": lambda one: replace(one, department="Elsewhere"),
    "not pushed yet": lambda one: replace(one, scim_id=None, app_status="STAGED"),
    "the id of somebody else's account": lambda one: replace(one, scim_id=identity("User", 1)),
    "another user name": lambda one: replace(one, user_name=f"new.{one.user_name}"),
}


@dataclass(frozen=True, slots=True)
class People:
    """So many accounts; of so many percent of them the listing says something else, and as many more have no account.

    Those without an account are as many as those who are not assigned, so that the listing is as long as the accounts.
    """

    accounts: int
    percent: int

    def everybody(self) -> Iterator[Person]:
        """Yield everybody who is assigned, in the order of their Okta user ids."""
        missing = 0
        for number in range(1, self.accounts + 1):
            listed = self._listed(number)
            missing += listed is None
            if listed is not None:
                yield listed
        for number in range(self.accounts + 1, self.accounts + 1 + missing):
            yield replace(person(number), scim_id=None, app_status="STAGED")

    def pages(self) -> Iterator[AssignmentPage]:
        """Yield the listing as a source does."""
        rows = (one.as_assignment() for one in self.everybody())
        number = 0
        while page := tuple(islice(rows, PAGE)):
            number += 1
            yield AssignmentPage(number, page)

    def _listed(self, number: int) -> Person | None:
        every = 100 // self.percent
        if number % every:
            return person(number)
        changes = tuple(DIFFERENCES.values())
        return changes[number // every % len(changes)](person(number))
