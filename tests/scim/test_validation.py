import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scim import urns
from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.errors import InvalidSyntax, InvalidValue, PayloadTooLarge, ScimError, UnsupportedMediaType
from scim.exchange import Limits, ScimRequest
from scim.resource import Member
from scim.validation import decode_body, read_resource

LIMITS = Limits()


def decode(body: bytes, content_type: str | None = "application/scim+json") -> dict[str, Any]:
    return decode_body(ScimRequest("POST", "/Users", {}, body, content_type), LIMITS)


def document(**attributes: Any) -> Any:
    return read_resource({"userName": "ann", **attributes}, USER_TYPE)[0]


# ------------------------------------------------------------------ bytes -> object

HOSTILE = {
    "empty": b"",
    "50,000 open brackets": b"[" * 50_000,
    "50,000 nested lists": b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "17 nested levels": b'{"a":' + b"[" * 16 + b"]" * 16 + b"}",
    "brackets that close nothing": b'{"a":]]]]]]]]]]]]]]]]]]]]}',
    "a list": b"[]",
    "a string": b'"userName"',
    "null": b"null",
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":-Infinity}',
    "an infinite number": b'{"a":1e999}',
    "5,000 digits": b'{"a":' + b"1" * 5000 + b"}",
    "a lone surrogate": b'{"userName":"\\ud800"}',
    "a raw NUL": b'{"userName":"a\x00b"}',
    "a raw line break in a string": b'{"userName":"a\nb"}',
    "UTF-16": '{"userName":"ann"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"userName":"ann"}',
    "broken UTF-8": b'{"userName":"\xff"}',
    "overlong UTF-8": b'{"userName":"\xc0\xaf"}',
    "a duplicate name": b'{"userName":"ann","userName":"bob"}',
    "a duplicate name, escaped once": b'{"userName":"ann","user\\u004eame":"bob"}',
    "a duplicate name inside": b'{"name":{"familyName":"a","familyName":"b"}}',
    "a duplicate name behind escapes": b'{"a":"\\\\\\":{","b":1,"b":2}',
    "single quotes": b"{'userName':'ann'}",
    "a trailing comma": b'{"userName":"ann",}',
    "a comment": b'{"userName":"ann"} // comment',
    "two objects": b"{}{}",
    "half an object": b'{"userName":"an',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_body_that_is_no_proper_json_object_is_invalid_syntax(body: bytes) -> None:
    with pytest.raises(InvalidSyntax):
        decode(body)


@pytest.mark.parametrize(
    "body",
    [
        {"a": "[[[[[[[[[[[[[[[[[[[[{{{{{{{{{{{{{{{{{{{{{{{"},
        {"a": '"}:,{"\\', "b": "\\\\", "c\\": ":", "d": '\\"'},
        {"a": [{"b": {"a": {"a": 1}}}, {"b": 2}], "b": "a:b"},
        {"": {"": ""}, "ä": "\U0001f600"},
        {},
    ],
)
def test_brackets_colons_and_escapes_inside_of_strings_are_no_structure(body: dict[str, Any]) -> None:
    for ascii_only in (True, False):
        assert decode(json.dumps(body, ensure_ascii=ascii_only).encode()) == body


def test_sixteen_levels_are_deep_enough() -> None:
    assert decode(b'{"a":' + b"[" * 15 + b"]" * 15 + b"}")


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
def test_other_media_types_are_refused(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        decode(b"{}", content_type)


@pytest.mark.parametrize("content_type", ["application/scim+json", "application/json", None])
def test_both_json_types_and_none_are_accepted(content_type: str | None) -> None:
    assert decode(b"{}", content_type) == {}


def test_a_body_over_the_limit_is_not_looked_at() -> None:
    with pytest.raises(PayloadTooLarge):
        decode(b"[" * (LIMITS.body_bytes + 1))


@given(st.binary(max_size=200) | st.text('{}[]":,\\u0ae1 ', max_size=200).map(str.encode))
def test_any_bytes_are_an_object_or_a_scim_error(body: bytes) -> None:
    with suppress(ScimError):
        assert isinstance(decode(body), dict)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=5))
def test_what_the_standard_library_writes_is_read_as_it_was(body: dict[str, Any]) -> None:
    assert decode(json.dumps(body).encode()) == body


# ------------------------------------------------------------------ object -> document


def test_names_are_taken_in_any_case_and_stored_in_the_schemas() -> None:
    body = {"USERNAME": "ann", "Name": {"FAMILYNAME": "X"}, urns.ENTERPRISE_USER.upper(): {"DEPARTMENT": "IT"}}
    stored, members = read_resource(body, USER_TYPE)
    assert stored == {"userName": "ann", "name": {"familyName": "X"}, urns.ENTERPRISE_USER: {"department": "IT"}}
    assert members is None


def test_what_is_unknown_read_only_secret_or_derived_is_left_out() -> None:
    more = {
        "schemas": 5,
        "id": "1",
        "meta": {"version": 7},
        "groups": [{"value": "g"}],
        "password": ["not", "a", "string"],
        "bogus": {"deep": [1]},
        "urn:example:unknown": {"a": 1},
        "name": {"familyName": "X", "bogus": 1},
        urns.ENTERPRISE_USER: {"manager": {"value": "m", "displayName": "Boss"}, "bogus": 1},
    }
    assert document(**more) == {
        "userName": "ann",
        "name": {"familyName": "X"},
        urns.ENTERPRISE_USER: {"manager": {"value": "m"}},
    }


@pytest.mark.parametrize("empty", [None, "", [], {}, {"value": ""}, [{}], [None, ""], [{"type": None, "value": ""}]])
@pytest.mark.parametrize("name", ["emails", "roles", "addresses"])
def test_empty_values_are_absent(name: str, empty: Any) -> None:
    assert document(**{name: empty}) == {"userName": "ann"}


@pytest.mark.parametrize(
    ("given_value", "stored"),
    [
        ({"active": "True"}, {"active": True}),
        ({"active": "false"}, {"active": False}),
        ({"emails": {"value": "a@b"}}, {"emails": [{"value": "a@b"}]}),
        ({"emails": "a@b"}, {"emails": [{"value": "a@b"}]}),
        ({"roles": ["admin", "", "reader"]}, {"roles": [{"value": "admin"}, {"value": "reader"}]}),
        ({urns.ENTERPRISE_USER: {"manager": "m"}}, {urns.ENTERPRISE_USER: {"manager": {"value": "m"}}}),
        ({urns.ENTERPRISE_USER: {"manager": ""}}, {}),
        ({urns.ENTERPRISE_USER: None}, {}),
        ({"externalId": "00u1"}, {"externalId": "00u1"}),
        ({"title": " two  spaces "}, {"title": " two  spaces "}),
        (
            {"addresses": [{"formatted": "1 Main St\r\nTown\tX"}]},
            {"addresses": [{"formatted": "1 Main St\r\nTown\tX"}]},
        ),
        ({"x509Certificates": [{"value": "TUlJ\nQg=="}]}, {"x509Certificates": [{"value": "TUlJ\nQg=="}]}),
        ({"userName": "Ёлка@пример.рф"}, {"userName": "Ёлка@пример.рф"}),
    ],
)
def test_values_are_brought_into_canonical_form(given_value: dict[str, Any], stored: dict[str, Any]) -> None:
    assert document(**given_value) == {"userName": "ann", **stored}


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"userName": 123}, "userName: expected a string, got a number"),
        ({"userName": ["ann"]}, "userName: expected a string, got a list"),
        ({"userName": {"a": "b"}}, "userName: expected a string, got an object"),
        ({"userName": True}, "userName: expected a string, got a boolean"),
        ({"userName": "a" * 1025}, "userName: at most 1024 bytes"),
        ({"userName": "ä" * 513}, "userName: at most 1024 bytes"),
        ({"userName": "a\x00b"}, "userName: contains control characters"),
        ({"userName": "a\r\nb"}, "userName: contains control characters"),
        ({"userName": "a\u202eb"}, "userName: contains control characters"),
        ({"userName": None}, "Missing: userName"),
        ({"userName": ""}, "Missing: userName"),
        ({"username": "bob"}, "userName: given twice"),
        ({"externalId": 7}, "externalId: expected a string"),
        ({"title": "a\x00"}, "title: contains control characters"),
        ({"nickName": "x" * 8193}, "nickName: at most 8192 bytes"),
        ({"active": "yes"}, "active: expected true or false"),
        ({"active": 1}, "active: expected true or false"),
        ({"name": "Ann"}, "name: expected an object, got other text"),
        ({"name": [{"familyName": "X"}]}, "name: expected an object, got a list"),
        ({"emails": [{"value": 5}]}, "emails.value: expected a string"),
        ({"emails": [{"value": "a@b", "primary": "maybe"}]}, "emails.primary: expected true or false"),
        ({"emails": [[]]}, None),
        ({"emails": [["a@b"]]}, "emails: expected an object, got a list"),
        ({"emails": [{"value": "a@b"}] * 1001}, "emails: at most 1000 values"),
        ({"photos": [{"value": 1}]}, "photos.value: expected a string"),
        ({"x509Certificates": [{"value": "not base64!"}]}, "x509Certificates.value: expected base64"),
        ({urns.ENTERPRISE_USER: []}, f"{urns.ENTERPRISE_USER}: expected an object"),
        ({urns.ENTERPRISE_USER: {"manager": 3}}, f"{urns.ENTERPRISE_USER}:manager: expected an object"),
    ],
)
def test_a_wrong_value_is_refused_by_its_path_and_never_repeated(wrong: dict[str, Any], where: str | None) -> None:
    if where is None:
        assert document(**wrong) == {"userName": "ann"}
        return
    with pytest.raises(InvalidValue) as refusal:
        document(**wrong)
    assert refusal.value.detail.startswith(where)
    assert "bob" not in refusal.value.detail


def test_of_several_primary_values_the_first_stays() -> None:
    emails = [{"value": "a"}, {"value": "b", "primary": True}, {"value": "c", "primary": "true"}]
    assert document(emails=emails)["emails"] == [
        {"value": "a"},
        {"value": "b", "primary": True},
        {"value": "c", "primary": False},
    ]


def test_a_group_brings_its_members_each_once() -> None:
    body = {
        "displayName": "guides",
        "MEMBERS": [{"value": "1", "display": "a"}, "2", {"VALUE": "1", "displayName": "b", "type": "X", "$ref": "y"}],
    }
    assert read_resource(body, GROUP_TYPE) == ({"displayName": "guides"}, (Member("1", "b"), Member("2")))


@pytest.mark.parametrize(("members", "read"), [(None, ()), ([], ()), ("", ()), ({"value": "1"}, (Member("1"),))])
def test_members_that_are_named_and_empty_are_none(members: Any, read: tuple[Member, ...]) -> None:
    assert read_resource({"displayName": "guides", "members": members}, GROUP_TYPE)[1] == read


def test_members_that_are_not_named_are_left_open() -> None:
    assert read_resource({"displayName": "guides"}, GROUP_TYPE)[1] is None


@pytest.mark.parametrize("member", [{}, {"value": ""}, {"value": 1}, {"display": "x"}, 5, None, [], {"value": "a\nb"}])
def test_a_member_without_a_proper_id_is_refused(member: Any) -> None:
    with pytest.raises(InvalidValue, match=r"^members"):
        read_resource({"displayName": "guides", "members": [{"value": "1"}, member]}, GROUP_TYPE)


NAMES = ["userName", "active", "emails", "name", "roles", "x", urns.ENTERPRISE_USER]


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_any_object_is_a_canonical_document_or_a_scim_error(body: dict[str, Any]) -> None:
    with suppress(ScimError):
        stored, _ = read_resource(body, USER_TYPE)
        assert read_resource(stored, USER_TYPE) == (stored, None)
