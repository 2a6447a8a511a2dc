"""T12: what a client sends comes back as the data that it is, or not at all."""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest

from scim.core_schemas import RESOURCE_TYPES
from scim.exchange import MEDIA_TYPE
from scim.schema import Attribute, ResourceType
from scim.urns import ENTERPRISE_USER
from scim.values import is_kept
from syncd.web.app import SCIM_PATH
from tests.security.stack import Answer, Client
from tests.store.inspection import table_names

# 3617 * 3613 is a number that stands nowhere else: whoever evaluates the text writes it.
PRODUCT = str(3617 * 3613)
PAYLOADS = [
    "${3617*3613}",
    "#{3617*3613}",
    "{{3617*3613}}",
    "{% print(3617*3613) %}",
    "<%= 3617*3613 %>",
    "{0.__class__.__mro__}",
    "%(message)s %s %n %x",
    "${jndi:ldap://127.0.0.1/a}",
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "'; DROP TABLE resource; --",
    '" or userName pr or title eq "',
    "' OR '1'='1",
    "$(id) `id` | id",
    "../../../../etc/passwd",
    "=1+1",
    "\\u0022\\",
    "a\r\nX-Injected: yes\r\n\r\n<html>",
    "a\nX-Injected: yes",
]


def check(answer: Answer, payload: str) -> Answer:
    """Hold an answer to what every answer is: labelled JSON, and headers that carry nothing of the payload."""
    assert answer.status < 500, answer.raw
    assert PRODUCT.encode() not in answer.raw, payload
    assert "x-injected" not in answer.headers
    assert not [value for value in answer.headers.values() if payload in value or "\n" in value or "\r" in value]
    assert answer.headers["x-content-type-options"] == "nosniff"
    if answer.raw:
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert b"\r" not in answer.raw
        assert b"\n" not in answer.raw
    return answer


POSITIONS = [
    "/{}",
    "/Users/{}",
    "/Groups/{}",
    "/Schemas/{}",
    "/ResourceTypes/{}",
    "/Users/{}/x",
    "/{}/.search",
    "/Users;{}",
]
METHODS = ["GET", "PUT", "PATCH", "DELETE", "POST"]


@pytest.mark.parametrize("position", POSITIONS)
def test_cve_2021_21479_scimono_nothing_in_a_path_is_evaluated(client: Client, position: str) -> None:
    body = {"userName": "x", "displayName": "x", "Operations": [{"op": "add", "path": "displayName", "value": "x"}]}
    for payload, method in product(PAYLOADS, METHODS):
        path = position.format(quote(payload, safe=""))
        answer = check(client.send(method, path, None if method == "GET" else body), payload)
        assert answer.status in {400, 404, 405, 501}, (method, payload)


QUERIES = [
    {"filter": "{}"},
    {"filter": "userName eq {json}"},
    {"filter": "title sw {json} or emails[value co {json}]"},
    {"filter": '{} eq "x"'},
    {"filter": "emails[{}]"},
    {"filter": f"{ENTERPRISE_USER}:{{}} pr"},
    {"attributes": "{}"},
    {"excludedAttributes": "{}"},
    {"startIndex": "{}"},
    {"count": "{}"},
    {"sortBy": "{}", "sortOrder": "{}"},
    {"cursor": "{}"},
    {"{}": "{}"},
]


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_cve_2021_21479_scimono_nothing_in_a_query_is_evaluated(client: Client, query: dict[str, str]) -> None:
    ann = client.user("ann")
    for payload in PAYLOADS:
        given = {placed(name, payload): placed(value, payload) for name, value in query.items()}
        answer = check(client.send("GET", "/Users", query=given), payload)
        assert answer.status in {200, 400}
        if answer.status == 200 and "filter" in given:
            assert answer.body["totalResults"] == 0, "a text that is compared finds nobody else"
        check(client.send("GET", f"/Users/{ann}", query=given), payload)


def placed(text: str, payload: str) -> str:
    return text.replace("{json}", json.dumps(payload)).replace("{}", payload)


HEADERS = ["Authorization", "Content-Type", "Accept", "X-Request-Id", "If-Match", "If-None-Match", "User-Agent"]


@pytest.mark.parametrize("name", HEADERS)
def test_cve_2021_21479_scimono_nothing_in_a_header_is_evaluated(client: Client, name: str) -> None:
    for number, payload in enumerate(PAYLOADS):
        headers = {"Authorization": f"Bearer {client.token}", "Content-Type": MEDIA_TYPE} | {name: payload}
        body = json.dumps({"userName": f"ann-{number}"}).encode()
        check(client.ask("POST", f"{SCIM_PATH}/Users", body, headers, ""), payload)


def texts(resource_type: ResourceType) -> Iterator[tuple[str, Any]]:
    """Yield each text that a client may write: its path, and a body with PLACE there."""
    for schema in resource_type.schemas():
        for attribute in schema.attributes:
            if is_kept(attribute) and attribute.name != "members":
                for path, body in _of(attribute):
                    yield path, body if schema is resource_type.schema else {schema.urn: body}


def _of(attribute: Attribute) -> Iterator[tuple[str, Any]]:
    parts = [one for sub in attribute.sub_attributes if is_kept(sub) for one in _of(sub)] or [("", "PLACE")]
    for path, body in parts:
        yield f"{attribute.name}.{path}".strip("."), {attribute.name: [body] if attribute.multi_valued else body}


@pytest.mark.parametrize("resource_type", RESOURCE_TYPES, ids=lambda one: one.name)
def test_cve_2021_21479_scimono_a_value_is_kept_as_it_is_or_refused(
    client: Client, database_url: str, resource_type: ResourceType
) -> None:
    tables, places = table_names(database_url), list(texts(resource_type))
    rounds = range(1 + max(3, len(PAYLOADS) // len(places)))
    for number, (turn, (path, template)) in enumerate(product(rounds, places)):
        payload = PAYLOADS[(number + turn) % len(PAYLOADS)]
        named = {"userName": f"n{number}", "displayName": f"n{number}"} | template
        body = json.loads(json.dumps(named).replace('"PLACE"', json.dumps(payload)))
        answer = check(client.send("POST", resource_type.endpoint, body), payload)
        if answer.status != 201:
            assert answer.body["scimType"] in {"invalidValue", "uniqueness"}, path
            assert answer.status == 409 or payload not in answer.body["detail"]
            continue
        kept = check(client.send("GET", f"{resource_type.endpoint}/{answer.body['id']}"), payload)
        assert kept.body == answer.body
        assert json.dumps(payload) in json.dumps(kept.body), path
    assert table_names(database_url) == tables


OPERATIONS: list[Any] = [
    {"op": "{}", "path": "title", "value": "x"},
    {"op": "replace", "path": "{}", "value": "x"},
    {"op": "replace", "path": 'emails[type eq "{}"].value', "value": "x"},
    {"op": "add", "path": 'emails[type eq "{}"].value', "value": "x"},
    {"op": "replace", "path": "title", "value": "{}"},
    {"op": "replace", "value": {"{}": "x"}},
    {"op": "replace", "value": {"title": "{}"}},
    {"op": "add", "path": "emails", "value": {"{}": "{}"}},
    {"{}": "replace", "path": "title", "value": "x"},
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_cve_2021_21479_scimono_nothing_in_an_operation_is_evaluated(client: Client, operation: Any) -> None:
    ann = client.user("ann")
    for payload in PAYLOADS:
        given = json.loads(json.dumps(operation).replace("{}", json.dumps(payload)[1:-1]))
        assert check(client.patch(f"/Users/{ann}", given), payload).status in {200, 400}
    assert client.get("/Users")["totalResults"] == 1


def test_cve_2021_21479_scimono_a_member_of_such_a_name_is_nobody(client: Client) -> None:
    for payload in PAYLOADS:
        answer = check(client.send("POST", "/Groups", {"displayName": "g", "members": [{"value": payload}]}), payload)
        assert (answer.status, answer.body["scimType"]) == (400, "invalidValue")
