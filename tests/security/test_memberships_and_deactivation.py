"""T17, T18: a removal takes away who it names and nobody else; a deactivation happens whole, or not at all."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from syncd.store import SqlDatabase
from tests.security.stack import Client
from tests.store.inspection import rows_of
from tests.store.test_atomicity import PulledPlugError, failing_at

DIALECTS: dict[str, Any] = {
    "by a path that names one": lambda *ids: [{"op": "remove", "path": f'members[value eq "{one}"]'} for one in ids],
    "by a path that names several": lambda *ids: [
        {"op": "remove", "path": "members[" + " or ".join(f'value eq "{one}"' for one in ids) + "]"}
    ],
    "by a list of objects": lambda *ids: [
        {"op": "remove", "path": "members", "value": [{"value": one} for one in ids]}
    ],
    "by a list of ids": lambda *ids: [{"op": "remove", "path": "members", "value": list(ids)}],
    "by capital letters and a null reference": lambda *ids: [
        {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": one} for one in ids]}
    ],
}


@pytest.fixture
def people(client: Client) -> list[str]:
    return [client.user(f"user-{number}") for number in range(5)]


def members(client: Client, group: str) -> list[str]:
    return [one["value"] for one in client.get(f"/Groups/{group}").get("members", [])]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_agent_bom_3687_a_removal_takes_away_those_it_names(
    client: Client, people: list[str], dialect: str, count: int
) -> None:
    group = client.group("guides", *people)
    assert client.patch(f"/Groups/{group}", *DIALECTS[dialect](*people[:count])).status == 200
    assert members(client, group) == people[count:]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_agent_bom_3687_a_removal_of_who_is_no_member_takes_nobody_away(
    client: Client, people: list[str], dialect: str
) -> None:
    group = client.group("guides", *people[:3])
    for stranger in (people[4], "00000000-0000-0000-0000-000000000000", "nobody"):
        assert client.patch(f"/Groups/{group}", *DIALECTS[dialect](stranger)).status == 200
        assert members(client, group) == people[:3]


@pytest.mark.parametrize("value", [[], [{}], [{"value": None}], [{"display": "user-0"}], {}, "", [""], False, 0])
def test_agent_bom_3687_a_removal_that_names_nobody_does_not_mean_everybody(
    client: Client, people: list[str], value: Any
) -> None:
    group = client.group("guides", *people)
    answer = client.patch(f"/Groups/{group}", {"op": "remove", "path": "members", "value": value})
    assert answer.status in {200, 400}
    assert members(client, group) == people


@pytest.mark.parametrize("operation", [{"path": "members"}, {}])
def test_agent_bom_3688_an_addition_keeps_those_who_are_there(
    client: Client, people: list[str], operation: dict[str, Any]
) -> None:
    group = client.group("guides", *people[:2])
    value: Any = [{"value": people[2]}]
    added = client.patch(
        f"/Groups/{group}", {"op": "add", "value": value if operation else {"members": value}} | operation
    )
    assert added.status == 200
    assert members(client, group) == people[:3]


# ------------------------------------------------------------------ T18

ADDRESS = [{"value": "ann@example.com", "type": "work"}]
DEACTIVATIONS: dict[str, Any] = {
    "PATCH without a path": ("PATCH", {"Operations": [{"op": "replace", "value": {"active": False}}]}),
    "PATCH with a path": ("PATCH", {"Operations": [{"op": "replace", "path": "active", "value": False}]}),
    "PATCH with text": ("PATCH", {"Operations": [{"op": "Replace", "path": "active", "value": "False"}]}),
    "PUT": ("PUT", {"userName": "ann", "emails": ADDRESS, "active": False}),
}
FAULTS: list[Callable[[], Exception]] = [
    PulledPlugError,
    lambda: OperationalError("statement", {}, Exception("disk full")),
]
MOST_STATEMENTS = 40
WRITTEN = {"resource", "audit_event", "audit_pending", "outbox", "inbound_deactivation"}


@pytest.fixture
def ann(client: Client) -> str:
    """Somebody with everything that hangs on an account: an address in the index, and two groups."""
    ann = client.user("ann", emails=ADDRESS, active=True)
    client.group("guides", ann)
    client.group("owners", ann)
    return ann


@pytest.mark.parametrize("error", FAULTS, ids=["killed", "disk full"])
@pytest.mark.parametrize("way", DEACTIVATIONS)
def test_gitlab_57178_a_deactivation_that_fails_at_any_statement_happens_whole_or_not_at_all(
    client: Client, ann: str, database: SqlDatabase, database_url: str, way: str, error: Callable[[], Exception]
) -> None:
    method, body = DEACTIVATIONS[way]
    for number in range(1, MOST_STATEMENTS):
        before = changing(rows_of(database_url))
        with capture_logs(), failing_at(number, error()) as reached:  # to show hundreds of tracebacks takes minutes
            answer = client.send(method, f"/Users/{ann}", body)
        after = changing(rows_of(database_url))
        if answer.status != 200:
            assert answer.status in {500, 503}, reached[-1]
            assert after == before, reached[-1]
            continue
        # Either no statement failed any more, or the first one did, on an old connection, and was said again.
        assert {name for name in after if after[name] != before[name]} == WRITTEN
        assert len(after["audit_event"]) == len(before["audit_event"]) + 1
        assert client.get(f"/Users/{ann}")["active"] is False
        if len(reached) < number:
            break
        client.patch(f"/Users/{ann}", {"op": "replace", "path": "active", "value": True})
    else:
        pytest.fail(f"there are {MOST_STATEMENTS} statements and more")
    assert number > 2


def changing(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return the tables without those that only note that somebody asked."""
    return {name: held for name, held in rows.items() if name not in {"token", "leniency_use"}}


@pytest.mark.parametrize("way", DEACTIVATIONS)
@pytest.mark.parametrize("condition", ["in groups", "renamed", "closed already", "long ago"])
def test_gitlab_429607_no_precondition_lets_somebody_stay(client: Client, ann: str, way: str, condition: str) -> None:
    method, body = DEACTIVATIONS[way]
    if condition == "renamed":
        client.patch(f"/Users/{ann}", {"op": "replace", "path": "externalId", "value": "other"})
    if condition == "closed already":
        client.patch(f"/Users/{ann}", {"op": "replace", "path": "active", "value": False})
    if condition == "long ago":
        for number in range(3):
            client.patch(f"/Users/{ann}", {"op": "replace", "path": "title", "value": str(number)})
    assert client.send(method, f"/Users/{ann}", body).status == 200
    assert client.get(f"/Users/{ann}")["active"] is False
    assert client.ids("/Users", "active eq true") == []
