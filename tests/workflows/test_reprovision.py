from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from scim.reprovision import Reprovision
from syncd.core.changes import Cause, Change
from syncd.store import SqlDatabase
from syncd.workflows.register_account import register_account
from tests.conftest import APP
from tests.workflows.pushing import Pusher

ANN = {"userName": "ann", "externalId": "00u1"}
THREADS = 4


@pytest.fixture
def pusher(database: SqlDatabase) -> Pusher:
    return Pusher(database, APP, reprovision=Reprovision.ADOPT)


@pytest.mark.parametrize("active", [True, False])
def test_an_account_that_did_not_come_over_scim_is_never_taken_up(pusher: Pusher, active: bool) -> None:
    local = register_account(pusher.database, APP, Cause("application"), {**ANN, "active": active})
    assert pusher.send("POST", "/Users", ANN).status == 409
    shown = pusher.send("GET", f"/Users/{local.id}").body
    assert (shown["active"], shown["meta"]["version"]) == (active, 'W/"1"')


def test_a_deleted_account_that_did_not_come_over_scim_does_not_come_back(pusher: Pusher) -> None:
    local = register_account(pusher.database, APP, Cause("application"), {**ANN, "active": True})
    with pusher.database.transaction(APP, Cause("application")) as unit:
        unit.record(Change("User", local, None))
    assert pusher.user("ann", externalId="00u1") != local.id


def test_the_audit_trail_tells_that_an_account_was_created_again(pusher: Pusher) -> None:
    user = pusher.user("ann", externalId="00u1")
    pusher.send("PATCH", f"/Users/{user}", {"Operations": [{"op": "replace", "value": {"active": False}}]})
    assert pusher.send("POST", "/Users", ANN).body["id"] == user
    pusher.send("DELETE", f"/Users/{user}")
    assert pusher.send("POST", "/Users", ANN).body["id"] == user
    with pusher.database.reading(APP) as unit:
        revived, _, taken, *_ = unit.audit_trail(subject_id=user)
    assert (revived.action, revived.detail["provisioned_again"]) == ("account:created", "revived")
    assert (taken.action, taken.detail["provisioned_again"]) == ("account:reactivated", "taken up")


@pytest.mark.parametrize("was", ["there", "deleted", "nobody"])
def test_of_many_creations_at_once_one_account_comes_about(pusher: Pusher, was: str) -> None:
    if was != "nobody":
        user = pusher.user("ann", externalId="00u1")
        if was == "deleted":
            pusher.send("DELETE", f"/Users/{user}")
    barrier = Barrier(THREADS)

    def create(_: int) -> int:
        barrier.wait()
        return pusher.send("POST", "/Users", ANN).status

    with ThreadPoolExecutor(THREADS) as pool:
        statuses = set(pool.map(create, range(THREADS)))
    assert 201 in statuses <= {201, 409}
    assert pusher.send("GET", "/Users").body["totalResults"] == 1
