import pytest

from scim.conformance import ResourceStoreContract
from scim.conformance.examples import RESOURCE_TYPES
from scim.memory_store import MemoryStore
from tests.scim.endpoint import memory_store


class TestMemoryStore(ResourceStoreContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return memory_store(resource_types=RESOURCE_TYPES)
