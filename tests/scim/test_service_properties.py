"""Whatever is asked, the answer is SCIM: no request makes the service raise anything else."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scim import urns
from scim.exchange import ScimRequest
from tests.scim.endpoint import Endpoint

TEXT = st.sampled_from(["", "ann", "id-0001", "id-0002", "\x00", "\u202e", "$ref", "a" * 2000, "\U0001f600"]) | st.text(
    max_size=8
)
NAMES = st.sampled_from(
    [
        "schemas",
        "userName",
        "displayName",
        "members",
        "active",
        "emails",
        "name",
        "id",
        "meta",
        "op",
        "path",
        "value",
        "Operations",
        "groups",
        "password",
        urns.ENTERPRISE_USER,
        "type",
        "primary",
        "familyName",
        "$ref",
    ]
)
PATHS = st.sampled_from(
    [
        "userName",
        "members",
        'members[value eq "id-0001"]',
        'emails[type eq "work"].value',
        "name.familyName",
        "groups",
        "bogus",
        "[",
        urns.ENTERPRISE_USER,
        f"{urns.ENTERPRISE_USER}:manager",
        "members.value",
        "schemas",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | TEXT, inner, max_size=5),
    max_leaves=15,
)
OPERATIONS = st.lists(
    st.fixed_dictionaries(
        {"op": st.sampled_from(["add", "Replace", "remove", "x"])}, optional={"path": PATHS | JSON, "value": JSON}
    ),
    max_size=3,
)
BODIES = (
    st.dictionaries(NAMES, JSON, max_size=6).map(json.dumps).map(str.encode)
    | st.builds(lambda operations: json.dumps({"Operations": operations}).encode(), OPERATIONS)
    | st.binary(max_size=30)
)
QUERIES = st.dictionaries(
    st.sampled_from(["filter", "attributes", "excludedAttributes", "startIndex", "count", "sortBy"]),
    TEXT | PATHS | st.sampled_from(['userName eq "ann"', "members pr", 'groups[value eq "x"]', "0", "-1", "title co"]),
    max_size=3,
)
SEGMENTS = ["Users", "Groups", "id-0001", "id-0002", ".search", "Me", "Bulk", "Schemas", "ResourceTypes", "", urns.USER]
ROUTES = st.lists(st.sampled_from(SEGMENTS) | TEXT, max_size=3).map(lambda segments: "/" + "/".join(segments))
METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "", "\x00"])
TYPES = st.sampled_from(["application/scim+json", "application/json", None, "text/plain", ""])


@given(st.lists(st.builds(ScimRequest, METHODS, ROUTES, QUERIES, BODIES, TYPES), min_size=1, max_size=4))
def test_any_sequence_of_requests_is_answered_in_scim(requests: list[ScimRequest]) -> None:
    endpoint = Endpoint()
    endpoint.group("guides", endpoint.user("ann", password="secret", emails=[{"value": "a@b", "type": "work"}]))
    for request in requests:
        response = endpoint.answer(request)
        assert response.status in {200, 201, 204, 400, 404, 405, 409, 413, 415, 501}
        assert b"secret" not in response.body
        if response.body:
            answer: dict[str, Any] = json.loads(response.body)
            assert answer["schemas"]
            assert ("detail" in answer) == (response.status >= 400)
