"""What a unit of work reads and holds is one state, also when it had to wait for another one."""

from threading import Thread

import pytest

from scim.resource import Member, MembershipChange, StoredResource
from syncd.core.changes import Cause
from syncd.store import SqlDatabase
from tests.conftest import APP

CAUSE = Cause("test")


@pytest.mark.postgres
def test_a_group_that_was_waited_for_is_read_with_the_members_it_has_by_then(postgres_database: SqlDatabase) -> None:
    with postgres_database.transaction(APP, CAUSE) as unit:
        ann = unit.resources.create("User", {"userName": "ann"})
        group = unit.resources.create("Group", {"displayName": "guides"})
    found: list[StoredResource] = []

    def read() -> None:
        with postgres_database.transaction(APP, CAUSE) as unit:
            found.append(unit.resources.read("Group", group.id))

    reader = Thread(target=read)
    with postgres_database.transaction(APP, CAUSE) as unit:
        unit.resources.update(group, group.document, MembershipChange(add=(Member(ann.id),)))
        reader.start()
        reader.join(0.5)
        assert reader.is_alive()
    reader.join()
    assert [(one.version, one.member_count, len(one.members or ())) for one in found] == [(2, 1, 1)]
