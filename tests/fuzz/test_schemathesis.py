"""The endpoint under requests that its own description makes up: no 5xx, and every answer as described."""

from collections import Counter
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from scim.provider import Provider
from syncd.bootstrap.services import build_app
from syncd.ports import Grant
from syncd.store import SqlDatabase
from syncd.web.tokens import digest
from tests.conftest import APP
from tests.workflows.pushing import Pusher

TOKEN: Final = "token-of-the-fuzzer-0123456789abcdef0123456789"
HEADERS: Final = {"Authorization": f"Bearer {TOKEN}"}
BASE: Final = "http://localhost/scim/v2"
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES: Final = {"sqlite": 10, "postgresql": 3}


@pytest.fixture
def described(database: SqlDatabase, database_url: str) -> tuple[Any, dict[str, str], int]:
    """The endpoint's description, ids that exist, and how many requests of each kind to make up."""
    pusher = Pusher(database, APP)
    me, ann = pusher.user("me"), pusher.user("ann", title="Boss")
    group = pusher.send("POST", "/Groups", {"displayName": "guides", "members": [{"value": ann}]}).body["id"]
    database.add_token(APP, "fuzzer", digest(TOKEN), "", None, Grant(user_id=me))
    app = build_app(database_url, Provider(BASE))
    schema = schemathesis.openapi.from_wsgi("/scim/v2/openapi.json", app, headers=HEADERS)
    kind = "sqlite" if database_url.startswith("sqlite") else "postgresql"
    ids = {"/Users/{id}": ann, "/Groups/{id}": group, "/ResourceTypes/{id}": "User"}
    return schema, ids, EXAMPLES[kind]


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_request_makes_the_endpoint_fail(described: tuple[Any, dict[str, str], int], mode: GenerationMode) -> None:
    schema, ids, examples = described
    answered: Counter[int] = Counter()
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 20
    for operation in operations:
        for known in (None, ids.get(operation.path)):
            ask = asking(operation, mode, known, answered)
            settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))(
                ask
            )()


def asking(operation: Any, mode: GenerationMode, known: str | None, answered: Counter[int]) -> Any:
    """Return a property that asks one operation; about a resource that exists, where `known` is its id."""

    @given(st.data())
    def ask(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        if known is not None:
            case.path_parameters = {"id": known}
        answered[case.call_and_validate(headers=HEADERS, checks=CHECKS).status_code // 100] += 1

    return ask
