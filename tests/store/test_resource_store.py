from collections.abc import Iterator

import pytest

from scim.conformance import ResourceStoreContract
from scim.store import ResourceStore
from syncd.core.changes import Cause
from syncd.store import SqlDatabase
from tests.conftest import APP


class TestSqlResourceStore(ResourceStoreContract):
    @pytest.fixture
    def store(self, database: SqlDatabase) -> Iterator[ResourceStore]:
        with database.transaction(APP, Cause("test")) as unit:
            yield unit.resources
