import pytest

from scim.errors import InvalidValue, NotFound
from scim.resource import Member
from scim.store import Query
from syncd.core.changes import Cause
from syncd.store import AppRecord, SqlDatabase
from tests.conftest import APP


def test_an_application_may_be_ensured_again_and_follows_its_okta_application(database: SqlDatabase) -> None:
    database.ensure_app("beta", "0oa1")
    database.ensure_app("beta", "0oa2")
    assert database.apps() == (AppRecord(APP, "0oaacme0000000000001"), AppRecord("beta", "0oa2"))


def test_applications_share_nothing(database: SqlDatabase) -> None:
    database.ensure_app("other", "0oaother")
    with database.transaction(APP, Cause("test")) as unit:
        ann = unit.resources.create("User", {"userName": "ann", "externalId": "00u"})
    with database.transaction("other", Cause("test")) as unit:
        assert unit.resources.find(Query("User")).total == unit.count_audit_events() == 0
        with pytest.raises(NotFound):
            unit.resources.read("User", ann.id)
        with pytest.raises(InvalidValue):
            unit.resources.create("Group", {"displayName": "g"}, [Member(ann.id)])
        assert unit.find_accounts("00u") == ()
        assert unit.account(ann.id) is None
        unit.resources.create("User", {"userName": "ann"})
