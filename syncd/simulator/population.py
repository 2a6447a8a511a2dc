"""Many people at once, for rehearsals at size."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from syncd.simulator import assignments, users
from syncd.simulator.org import Org
from syncd.simulator.records import App, AppUser, User, timestamp

_LONG_AGO: Final = timedelta(days=1)
_DEPARTMENTS: Final = ("Engineering", "Finance", "Legal", "Operations", "Sales")


def populate(org: Org, app: App, count: int) -> list[str]:
    """Add `count` people who were assigned to the app before its provisioning was switched on, and return their ids.

    Nothing is pushed: Okta leaves such a backlog alone until an administrator provisions the users one by one. They
    were there a day before the System Log began.
    """
    features, app.features = app.features, ()
    try:
        with org.log.silent():
            return [_person(org, app, number) for number in range(len(org.users) + 1, len(org.users) + count + 1)]
    finally:
        app.features = features


def load(org: Org, app: App, people: Iterable[tuple[User, AppUser]]) -> None:
    """Add people with their assignments as they are given. Nothing is checked, and nothing is pushed."""
    for user, assigned in people:
        org.users.put(user.id, user)
        org.logins[user.profile["login"].casefold()] = user.id
        app.users.put(user.id, assigned)


def _person(org: Org, app: App, number: int) -> str:
    login = f"person-{number:07d}@example.com"
    profile = {
        "login": login,
        "email": login,
        "firstName": f"Person {number}",
        "lastName": "Example",
        "department": _DEPARTMENTS[number % len(_DEPARTMENTS)],
    }
    user = users.create(org, profile)
    assigned = assignments.assign(org, app, user)
    assigned.created = assigned.status_changed = assigned.last_updated = timestamp(org.clock() - _LONG_AGO)
    return user.id
