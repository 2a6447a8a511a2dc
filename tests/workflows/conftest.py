"""A small application with its fake org, on every database."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from scim.resource import StoredResource
from syncd.core.changes import Cause, Change
from syncd.core.policy import Policy
from syncd.core.subjects import Origin
from syncd.ports import Database
from syncd.workflows.desk import Desk
from tests.fakes.assignment_source import APP_ID, FakeOkta

APP = "crm"
CAUSE = Cause("test")


@dataclass
class Office:
    """An application, its org, and what tests do to them."""

    database: Database
    okta: FakeOkta
    policy: Policy
    told: list[str]

    @property
    def desk(self) -> Desk:
        """What a run works with."""
        return Desk(APP, self.policy, self.okta, self.database, self.told.append)

    def hire(self, login: str) -> str:
        """Assign a person and push them, as Okta does; return the SCIM id."""
        okta_user_id = self.okta.hire(login)
        account_id = self.push(login, okta_user_id).id
        self.okta.assigned[okta_user_id] = replace(self.okta.assigned[okta_user_id], external_id=account_id)
        return account_id

    def push(self, login: str, okta_user_id: str | None, origin: Origin = Origin.SCIM) -> StoredResource:
        """Create an account."""
        document = {"userName": login, "active": True, **({"externalId": okta_user_id} if okta_user_id else {})}
        with self.database.transaction(APP, CAUSE) as unit:
            stored = unit.record(Change("User", None, document, origin=origin))
        assert stored is not None
        return stored

    def edit(self, account_id: str, **changes: object) -> None:
        """Change an account, as a push does."""
        with self.database.transaction(APP, CAUSE) as unit:
            stored = unit.resources.read("User", account_id)
            unit.record(Change("User", stored, {**stored.document, **changes}))

    def is_open(self, account_id: str) -> bool:
        """Whether the account may be used."""
        with self.database.reading(APP) as unit:
            return unit.resources.read("User", account_id).document.get("active") is not False

    def actions(self, account_id: str) -> list[str]:
        """Return the audit trail of one account, oldest first."""
        with self.database.reading(APP) as unit:
            return [event.action for event in reversed(unit.audit_trail(subject_id=account_id))]

    def okta_id(self, login: str) -> str:
        """Return the Okta user id of an assigned person."""
        return next(one.okta_user_id for one in self.okta.assigned.values() if one.user_name == login)


@pytest.fixture
def office(database: "OpenDatabase") -> Office:
    database.ensure_app(APP, APP_ID)
    return Office(database, FakeOkta(), Policy(absence_grace=timedelta(hours=24)), [])


class OpenDatabase(Database):
    """What the fixture gives beside the port."""

    ensure_app: Callable[[str, str], None]


LOGINS = [f"person{number}@example.com" for number in range(6)]


def unassign(office: Office, *logins: str) -> None:
    """Take assignments away, and lose the pushes about that."""
    for login in logins:
        office.okta.unassign(office.okta_id(login))


def dismiss(office: Office, *logins: str) -> None:
    """Deactivate people in Okta, and lose the pushes about that."""
    for login in logins:
        office.okta.set_status(office.okta_id(login), "DEPROVISIONED")


@pytest.fixture
def crowd(office: Office) -> list[str]:
    """Six people, assigned and pushed; their SCIM ids. A listing may shrink."""
    office.policy = Policy(absence_grace=timedelta(hours=24), min_listing_percent=0)
    return [office.hire(login) for login in LOGINS]
