"""A simulated Okta org in a process of its own, with everybody assigned whom a listing names."""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Final

from bench.reconciler.people import APP_ID, People, Person, Served
from syncd.simulator import SimulatedOrg
from syncd.simulator.records import AppUser, AppUserStatus, Scope, SyncState, User, UserStatus

_SINCE: Final = "2026-01-01T00:00:00.000Z"


@contextmanager
def serving(people: People) -> Iterator[Served]:
    """Start an org with these people. Its rate limit is off: what is measured would be waiting otherwise."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(people, theirs))
    process.start()
    theirs.close()
    try:
        yield ours.recv()
    finally:
        ours.close()
        process.join()


def _serve(people: People, parent: Connection) -> None:
    """Serve until the other end of the connection is closed."""
    with SimulatedOrg.start(scim_url="http://127.0.0.1:9/scim/v2", scim_token="unused", app_id=APP_ID) as org:
        org.rate_limits.enabled = False
        org.load(map(records_of, people.everybody()))
        parent.send(Served(org.url, org.api_token))
        parent.poll(None)


def records_of(person: Person) -> tuple[User, AppUser]:
    """Return the person and the assignment as the org keeps them."""
    profile = {
        "login": person.user_name,
        "email": person.user_name,
        "firstName": person.given_name,
        "lastName": person.family_name,
        "department": person.department,
    }
    user = User(person.okta_user_id, profile, UserStatus(person.user_status), _SINCE, _SINCE, _SINCE, _SINCE, _SINCE)
    status = AppUserStatus(person.app_status)
    assigned = AppUser(user.id, person.user_name, Scope.USER, status, SyncState.SYNCHRONIZED, _SINCE, _SINCE, _SINCE)
    assigned.external_id = person.scim_id
    return user, assigned
