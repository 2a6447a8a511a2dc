from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scim import urns
from scim.core_schemas import USER_TYPE
from scim.merge import UNKNOWN_VERSION, merge, replace_blindly, version_worked_from
from scim.resource import Document
from scim.schema import Attribute, ResourceType, Returned, Schema
from tests.scim.endpoint import Endpoint

BASE: Document = {
    "userName": "ann",
    "active": True,
    "name": {"givenName": "Ann", "familyName": "Lee"},
    "emails": [{"value": "ann@example.com", "type": "work"}],
    urns.ENTERPRISE_USER: {"department": "Engines", "manager": {"value": "m1"}},
}
DOCUMENTS = st.fixed_dictionaries(
    {"userName": st.sampled_from("ab"), "active": st.booleans()},
    optional={
        "title": st.sampled_from("xy"),
        "name": st.dictionaries(st.sampled_from(["givenName", "familyName"]), st.sampled_from("pq"), min_size=1),
        "emails": st.lists(st.fixed_dictionaries({"value": st.sampled_from("rs")}), min_size=1, max_size=2),
    },
)


def changed(**attributes: Any) -> Document:
    return {name: value for name, value in {**BASE, **attributes}.items() if value is not None}


def test_what_only_one_side_changed_stays_changed() -> None:
    theirs = changed(
        name={"givenName": "Anna", "familyName": "Lee"}, **{urns.ENTERPRISE_USER: {"manager": {"value": "m1"}}}
    )
    current = changed(
        active=False,
        title="Boss",
        name={"givenName": "Ann", "familyName": "Day"},
        emails=[{"value": "day@example.com"}],
    )
    assert merge(BASE, theirs, current, USER_TYPE) == changed(
        active=False,
        title="Boss",
        name={"givenName": "Anna", "familyName": "Day"},
        emails=[{"value": "day@example.com"}],
        **{urns.ENTERPRISE_USER: {"manager": {"value": "m1"}}},
    )


def test_where_both_changed_the_client_has_its_way() -> None:
    theirs, current = changed(title="Boss", emails=None), changed(title="Chief", emails=[{"value": "day@example.com"}])
    assert merge(BASE, theirs, current, USER_TYPE) == changed(title="Boss", emails=None)


def test_what_is_removed_is_gone_with_its_parts() -> None:
    theirs = changed(name=None, **{urns.ENTERPRISE_USER: None})
    current = changed(name={"givenName": "Ann", "familyName": "Lee", "middleName": "B."})
    assert merge(BASE, theirs, current, USER_TYPE) == changed(name={"middleName": "B."}, **{urns.ENTERPRISE_USER: None})


@given(DOCUMENTS, DOCUMENTS)
def test_who_worked_from_today_gets_what_it_sent(today: Document, theirs: Document) -> None:
    assert merge(today, theirs, today, USER_TYPE) == theirs


@given(DOCUMENTS, DOCUMENTS)
def test_who_changed_nothing_changes_nothing(base: Document, current: Document) -> None:
    assert merge(base, base, current, USER_TYPE) == current


def test_what_the_client_is_never_shown_it_did_not_remove() -> None:
    hidden = tuple(Attribute(name=one.value, returned=one) for one in (Returned.NEVER, Returned.REQUEST))
    extension = Schema("urn:example:secret", "Secret", "", hidden)
    core = Schema(urns.USER, "User", "", (Attribute(name="userName"), *hidden))
    kind = ResourceType("User", "/Users", "", core, (extension,))
    base = {"userName": "ann", "never": "1", "request": "2", extension.urn: {"never": "3", "request": "4"}}
    assert merge(base, {"userName": "eve"}, base, kind) == {**base, "userName": "eve"}
    theirs = {"userName": "ann", "request": "5", extension.urn: {"request": "6"}}
    assert merge(base, theirs, base, kind) == {**base, "request": "5", extension.urn: {"never": "3", "request": "6"}}


@pytest.mark.parametrize(
    ("theirs", "current", "active"),
    [(True, False, False), (True, None, None), (True, True, True), (False, True, False)],
)
def test_what_nobody_remembers_closes_accounts_and_opens_none(
    theirs: bool, current: bool | None, active: bool | None
) -> None:
    assert replace_blindly(changed(active=theirs, title="Boss"), changed(active=current)) == changed(
        active=active, title="Boss"
    )


@pytest.mark.parametrize(
    ("body", "version"),
    [
        ({}, None),
        ({"meta": None}, None),
        ({"meta": {}}, None),
        ({"meta": {"version": 'W/"7"'}}, 7),
        ({"META": {"Version": '"7"'}}, 7),
        ({"meta": {"version": "7"}}, UNKNOWN_VERSION),
        ({"meta": {"version": 7}}, UNKNOWN_VERSION),
        ({"meta": {"version": 'W/"0"'}}, UNKNOWN_VERSION),
        ({"meta": {"version": 'W/"99999999999999999999"'}}, UNKNOWN_VERSION),
    ],
)
def test_the_version_is_the_one_that_the_body_names(body: dict[str, Any], version: int | None) -> None:
    assert version_worked_from(body) == version


# -------------------------------------------------------------- through the service


def test_an_old_copy_does_not_open_a_closed_account() -> None:
    endpoint = Endpoint()
    path = f"/Users/{endpoint.user(title='Boss')}"
    copy = endpoint.send("GET", path).body
    endpoint.patch(path, {"op": "replace", "value": {"active": False}})
    answer = endpoint.send("PUT", path, {**copy, "title": "Chief"})
    assert (answer.status, answer.body["active"], answer.body["title"]) == (200, False, "Chief")


def test_a_client_that_has_seen_the_closed_account_opens_it() -> None:
    endpoint = Endpoint()
    path = f"/Users/{endpoint.user(active=False)}"
    assert endpoint.send("PUT", path, {**endpoint.send("GET", path).body, "active": True}).body["active"] is True


def test_a_version_that_never_was_opens_nothing() -> None:
    endpoint = Endpoint()
    path = f"/Users/{endpoint.user(active=False)}"
    for tag in ('W/"9"', "old", 'W/"0"'):
        body = {"userName": "ann", "active": True, "title": tag, "meta": {"version": tag}}
        answer = endpoint.send("PUT", path, body)
        assert (answer.body["active"], answer.body["title"]) == (False, tag)


def test_without_a_version_a_replacement_is_a_replacement() -> None:
    endpoint = Endpoint()
    path = f"/Users/{endpoint.user(active=False)}"
    assert endpoint.send("PUT", path, {"userName": "ann", "active": True}).body["active"] is True
