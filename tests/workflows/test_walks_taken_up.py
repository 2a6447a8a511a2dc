"""A walk through the listing that a killed process left, and what was pushed since it began."""

from dataclasses import replace

import pytest

from syncd.store import SqlDatabase
from syncd.workflows.reconcile import reconcile
from tests.workflows.conftest import APP, LOGINS, Office
from tests.workflows.dying import Killable, Killed, let_the_lease_run_out
from tests.workflows.pushing import Pusher

PATH = "name.givenName"


def say(office: Office, given_name: str) -> None:
    """Let Okta's row of the first person have this name."""
    row = office.okta.assigned[office.okta_id(LOGINS[0])]
    told = {"userName": LOGINS[0], PATH: given_name}
    office.okta.assigned[row.okta_user_id] = replace(row, attributes=told)


def push_without_a_change(office: Office, account_id: str) -> None:
    pusher = Pusher(office.database, APP)
    path = f"/Users/{account_id}"
    assert pusher.send("PUT", path, pusher.send("GET", path).body).status == 200


def given_name(office: Office, account_id: str) -> str:
    with office.database.reading(APP) as unit:
        return str(unit.resources.read("User", account_id).document["name"]["givenName"])


@pytest.mark.parametrize("is_killed", [True, False], ids=["taken up", "in one go"])
def test_a_push_that_confirms_an_account_behind_its_page_wins_over_what_the_walk_had_read(
    office: Office, crowd: list[str], database: SqlDatabase, is_killed: bool
) -> None:
    process = Killable(office.database)
    office.edit(crowd[0], name={"givenName": "Right"})
    say(office, "Wrong")

    def mend(page: int) -> None:
        if page == 3:
            say(office, "Right")
            push_without_a_change(office, crowd[0])
            if is_killed:
                process.kill()

    office.okta.before_page = mend
    desk = replace(office.desk, database=process)
    if is_killed:
        with pytest.raises(Killed):
            reconcile(desk, apply=True)
        office.okta.before_page = lambda _: None
        let_the_lease_run_out(database)
        desk = office.desk
    reconcile(desk, apply=True)
    assert given_name(office, crowd[0]) == "Right"
