from collections.abc import Iterator

import pytest

from scim.conformance import ResourceStoreContract
from scim.conformance.examples import RESOURCE_TYPES
from scim.store import ResourceStore
from syncd.core.changes import Cause
from tests.conftest import APP, SteppingClock, opened


class TestSqlResourceStore(ResourceStoreContract):
    @pytest.fixture
    def store(self, database_url: str, clock: SteppingClock) -> Iterator[ResourceStore]:
        with (
            opened(database_url, clock, RESOURCE_TYPES) as database,
            database.transaction(APP, Cause("test")) as unit,
        ):
            yield unit.resources
