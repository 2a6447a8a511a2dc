"""What an extension's table says, held over the whole protocol. The table: `scim.conformance.examples.BADGE`."""

from typing import Any

import pytest

from scim.conformance.examples import BADGE, RESOURCE_TYPES, USER_WITH_BADGE
from scim.validation import read_resource
from tests.scim.endpoint import Answer, Endpoint

URN = BADGE.urn
FIRST = {"office": "Berlin", "number": "A1", "issued": "2026-01-01T00:00:00Z"}


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint(resource_types=RESOURCE_TYPES)


def badged(endpoint: Endpoint, **badge: Any) -> str:
    """Create a user with a badge and return the path to it."""
    return f"/Users/{endpoint.user('ann', **{URN: {**FIRST, **badge}})}"


def put(endpoint: Endpoint, path: str, **badge: Any) -> Answer:
    return endpoint.send("PUT", path, {"userName": "ann", URN: badge})


def patched(endpoint: Endpoint, path: str, op: str, name: str, value: Any = None) -> Answer:
    operation = {"op": op, "path": f"{URN}:{name}" if name else URN}
    return endpoint.patch(path, operation if value is None else {**operation, "value": value})


def told(answer: Answer) -> tuple[int, str | None]:
    return answer.status, answer.body.get("scimType")


def document(endpoint: Endpoint, path: str) -> dict[str, Any]:
    return dict(endpoint.store.read("User", path.rpartition("/")[2]).document[URN])


# ------------------------------------------------------------------ mutability


def test_what_is_read_only_is_ignored_in_a_body_and_refused_in_a_path(endpoint: Endpoint) -> None:
    path = badged(endpoint, printed="yes")
    assert "printed" not in document(endpoint, path)
    assert put(endpoint, path, **FIRST, printed="yes").status == 200
    assert told(patched(endpoint, path, "add", "printed", "yes")) == (400, "mutability")
    assert endpoint.patch(path, {"op": "add", "value": {URN: {"printed": "yes", "level": 1}}}).status == 200
    assert "printed" not in document(endpoint, path)


def test_what_is_write_only_is_taken_and_kept_nowhere(endpoint: Endpoint) -> None:
    holder = {"value": "ann", "pin": "4711"}
    path = badged(endpoint, pin="4711", holder=holder)
    assert put(endpoint, path, **FIRST, pin="4711", holder=holder).status == 200
    assert patched(endpoint, path, "replace", "pin", "4711").status == 200
    assert patched(endpoint, path, "replace", "holder.pin", "4711").status == 200
    assert patched(endpoint, path, "add", "holder", {"pin": "4711"}).status == 200
    assert "4711" not in str(document(endpoint, path))
    assert "4711" not in str(endpoint.send("GET", path, attributes=f"{URN}:pin,{URN}:holder.pin").body)
    for path in ("pin", "holder.pin", "secret", "doors.code"):
        assert told(endpoint.send("GET", "/Users", filter=f'{URN}:{path} eq "4711"')) == (403, "sensitive")


def test_what_is_immutable_can_be_set_once(endpoint: Endpoint) -> None:
    path = f"/Users/{endpoint.user('ann')}"
    assert put(endpoint, path, office="Berlin").status == 200
    assert patched(endpoint, path, "add", "issued", FIRST["issued"]).status == 200
    assert patched(endpoint, path, "replace", "issued", "2026-01-01T01:00:00+01:00").status == 200
    later = "2027-01-01T00:00:00Z"
    refusals = [
        put(endpoint, path, office="Berlin", issued=later),
        put(endpoint, path, office="Berlin", issued=later),
        patched(endpoint, path, "replace", "issued", later),
        patched(endpoint, path, "remove", "issued"),
        patched(endpoint, path, "remove", ""),
        endpoint.patch(path, {"op": "add", "value": {URN: {"issued": later}}}),
    ]
    assert {told(answer) for answer in refusals} == {(400, "mutability")}
    assert document(endpoint, path) == {"office": "Berlin", "issued": "2026-01-01T00:00:00.000Z"}


def test_a_replacement_that_does_not_mention_what_is_immutable_leaves_it(endpoint: Endpoint) -> None:
    path = badged(endpoint)
    assert put(endpoint, path, office="Paris").body[URN] == {"office": "Paris", "issued": "2026-01-01T00:00:00.000Z"}
    assert endpoint.send("PUT", path, {"userName": "ann"}).body[URN]["office"] == "Paris"


def test_an_immutable_part_of_a_value_stays(endpoint: Endpoint) -> None:
    path = badged(endpoint, holder={"value": "ann", "since": "May"})
    assert patched(endpoint, path, "replace", "holder.value", "zoe").status == 200
    assert told(patched(endpoint, path, "replace", "holder.since", "June")) == (400, "mutability")
    assert told(patched(endpoint, path, "remove", "holder")) == (400, "mutability")
    assert told(put(endpoint, path, **FIRST, holder={"value": "zoe", "since": "June"})) == (400, "mutability")


def test_of_several_values_each_comes_and_goes_whole_and_its_immutable_part_stays(endpoint: Endpoint) -> None:
    path = badged(endpoint, doors=[{"value": "d1", "lock": "l1"}, {"value": "d2"}])
    refusals = [
        patched(endpoint, path, "replace", 'doors[value eq "d1"].lock', "l2"),
        patched(endpoint, path, "remove", 'doors[value eq "d1"].lock'),
        patched(endpoint, path, "replace", 'doors[value eq "d1"]', {"value": "d1", "lock": "l2"}),
        patched(endpoint, path, "add", "doors", [{"value": "d1", "lock": "l2"}]),
    ]
    assert {told(answer) for answer in refusals} == {(400, "mutability")}
    assert patched(endpoint, path, "add", 'doors[value eq "d2"].lock', "l3").status == 200
    assert patched(endpoint, path, "remove", 'doors[value eq "d1"]').status == 200
    assert document(endpoint, path)["doors"] == [{"value": "d2", "lock": "l3"}]


# ------------------------------------------------------------------ required


def test_what_is_required_in_an_extension_is_so_once_it_is_there(endpoint: Endpoint) -> None:
    for body in ({"number": "1"}, {"office": "", "number": "1"}):
        assert told(endpoint.send("POST", "/Users", {"userName": "bob", URN: body})) == (400, "invalidValue")
    path = f"/Users/{endpoint.user('ann', **{URN: {}})}"
    assert told(patched(endpoint, path, "add", "number", "1")) == (400, "invalidValue")
    assert endpoint.patch(path, {"op": "add", "value": {URN: {"number": "1", "office": "Berlin"}}}).status == 200
    assert told(patched(endpoint, path, "remove", "office")) == (400, "mutability")
    assert told(patched(endpoint, path, "replace", "office", "")) == (400, "invalidValue")
    assert patched(endpoint, path, "remove", "").status == 200
    assert URN not in endpoint.send("GET", path).body


def test_a_required_part_of_a_value_cannot_be_missing(endpoint: Endpoint) -> None:
    refused = endpoint.send("POST", "/Users", {"userName": "bob", URN: {**FIRST, "doors": [{"type": "front"}]}})
    assert told(refused) == (400, "invalidValue")
    path = badged(endpoint, doors=[{"value": "d1", "type": "front"}], holder={"value": "ann"})
    assert told(patched(endpoint, path, "remove", "holder.value")) == (200, None)
    path = f"/Users/{endpoint.user('bob', **{URN: {'office': 'B', 'holder': {'value': 'bob', 'since': 'May'}}})}"
    assert told(patched(endpoint, path, "remove", "holder.value")) == (400, "mutability")
    assert told(patched(endpoint, path, "add", "doors", [{"type": "back"}])) == (400, "invalidValue")


def test_who_lacks_what_became_required_can_still_be_deactivated(endpoint: Endpoint) -> None:
    user = endpoint.store.create("User", {"userName": "old", "active": True, URN: {"level": 1}})
    path = f"/Users/{user.id}"
    assert endpoint.patch(path, {"op": "replace", "value": {"active": False}}).body["active"] is False
    assert told(patched(endpoint, path, "add", "doors", [{"type": "back"}])) == (400, "invalidValue")


# ------------------------------------------------------------------ uniqueness, case, canonical values


def test_a_unique_value_is_refused_to_others_on_creation_and_on_change(endpoint: Endpoint) -> None:
    badged(endpoint, serial="s1")
    for body in ({"number": "a1"}, {"serial": "s1"}):
        answer = endpoint.send("POST", "/Users", {"userName": "bob", URN: {"office": "B", **body}})
        assert told(answer) == (409, "uniqueness")
    path = f"/Users/{endpoint.user('bob', **{URN: {'office': 'B', 'serial': 'S1'}})}"
    assert told(patched(endpoint, path, "replace", "number", "A1")) == (409, "uniqueness")
    assert told(endpoint.send("PUT", path, {"userName": "bob", URN: FIRST})) == (409, "uniqueness")


def test_a_filter_minds_the_case_of_what_is_case_exact_only(endpoint: Endpoint) -> None:
    badged(endpoint, serial="Abc")
    found = {
        text: endpoint.send("GET", "/Users", filter=f"{URN}:{text}").body["totalResults"]
        for text in ('number eq "a1"', 'serial eq "abc"', 'serial eq "Abc"', "level lt 3", 'doors.value eq "x"')
    }
    assert list(found.values()) == [1, 0, 1, 0, 0]


def test_canonical_values_are_proposals(endpoint: Endpoint) -> None:
    assert endpoint.send("GET", badged(endpoint, colour="blue")).body[URN]["colour"] == "blue"


# ------------------------------------------------------------------ what an answer carries


SHOWN = {
    "": {"office", "number", "issued", "colour", "doors", "holder"},
    "userName": {"colour"},
    f"{URN}:note": {"note", "colour"},
    f"{URN}:secret": {"colour"},
    f"{URN}:office,{URN}:note": {"office", "note", "colour"},
}


@pytest.mark.parametrize("attributes", SHOWN)
def test_an_answer_carries_what_is_returned_always_by_default_on_request_or_never(
    endpoint: Endpoint, attributes: str
) -> None:
    door = {"value": "d1", "code": "1234"}
    path = badged(endpoint, note="n", secret="s", colour="red", doors=[door], holder={"value": "ann", "remark": "r"})
    query = {"attributes": attributes} if attributes else {}
    assert endpoint.send("GET", path, **query).body[URN].keys() == SHOWN[attributes]


def test_parts_of_values_are_returned_as_they_say_too(endpoint: Endpoint) -> None:
    door = {"value": "d1", "code": "1234"}
    path = badged(endpoint, colour="red", doors=[door], holder={"value": "ann", "remark": "r"})
    plain = endpoint.send("GET", path).body[URN]
    assert (plain["doors"], plain["holder"]) == ([{"value": "d1"}], {"value": "ann"})
    named = endpoint.send("GET", path, attributes=f"{URN}:holder.remark,{URN}:doors.code").body[URN]
    assert named["holder"] == {"remark": "r"}
    assert "1234" not in str(named)
    hidden = endpoint.send("GET", path, excludedAttributes=f"{URN}:colour,{URN}:office").body[URN]
    assert "office" not in hidden
    assert hidden["colour"] == "red"


def test_a_long_value_of_what_is_unique_or_indexed_is_refused() -> None:
    for badge in ({"number": "x" * 1025}, {"serial": "x" * 1025}, {"doors": [{"value": "x" * 1025}]}):
        with pytest.raises(Exception, match="at most 1024 bytes"):
            read_resource({"userName": "ann", URN: {"office": "B", **badge}}, USER_WITH_BADGE)
