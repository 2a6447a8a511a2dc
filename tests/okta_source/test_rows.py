from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.attributes import COMPARED
from syncd.core.subjects import Assignment
from syncd.okta_source.rows import LOCATIONS, RowError, read_row
from tests.okta_source.listing_script import row

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
PARTS = st.dictionaries(
    st.sampled_from(["id", "status", "externalId", "scope", "syncState", "credentials", "profile", "_embedded"]), JSON
)


def test_a_row_is_read_whole() -> None:
    assert read_row(row(7)) == Assignment(
        okta_user_id="00u00000000000000007",
        user_name="user7@example.com",
        external_id="scim-7",
        app_status="PROVISIONED",
        user_status="ACTIVE",
        scope="USER",
        sync_state="SYNCHRONIZED",
        attributes={
            "userName": "user7@example.com",
            "name.givenName": "Ada",
            "name.familyName": "Number 7",
            'emails[type eq "work"].value': "user7@example.com",
        },
    )


def test_only_the_id_is_needed() -> None:
    assert read_row({"id": "00u1"}) == Assignment("00u1", None, None, "", None)


def test_statuses_nobody_has_heard_of_are_kept() -> None:
    read = read_row({"id": "00u1", "status": "BRAND_NEW", "_embedded": {"user": {"status": "ACTIVATING"}}})
    assert (read.app_status, read.user_status) == ("BRAND_NEW", "ACTIVATING")


USER = {"user": {"profile": {"login": "l", "firstName": "f", "lastName": "n", "email": "e", "department": "d"}}}


@pytest.mark.parametrize(
    ("found", "attributes"),
    [
        ({}, {}),
        ({"_embedded": USER}, {"userName": "l", "name.givenName": "f", "name.familyName": "n", "department": "d"}),
        ({"profile": {"firstName": "F", "givenName": "G"}}, {"name.givenName": "G"}),
        ({"profile": {"firstName": "F"}, "_embedded": USER}, {"name.givenName": "F", "name.familyName": "n"}),
        ({"profile": {"department": None}, "_embedded": USER}, {"department": "d"}),
        ({"profile": {"department": ["Sales"]}}, {}),
        ({"profile": {"givenName": ""}}, {}),
        ({"credentials": {"userName": "c"}, "_embedded": USER}, {"userName": "c"}),
    ],
)
def test_the_applications_own_profile_comes_first(found: dict[str, Any], attributes: dict[str, str]) -> None:
    read = read_row({"id": "00u1", **found}).attributes
    short = {path.rpartition(":")[2]: value for path, value in read.items()}
    assert short.items() >= attributes.items()
    assert set(short) == set(attributes) or "_embedded" in found


@pytest.mark.parametrize("broken", [None, "00u1", 7, [], {}, {"id": None}, {"id": ""}, {"id": 7}, {"ID": "00u1"}])
def test_a_row_that_does_not_say_whom_it_is_about_is_refused(broken: Any) -> None:
    with pytest.raises(RowError):
        read_row(broken)


def test_every_attribute_that_is_compared_has_a_place_in_the_row() -> None:
    assert set(LOCATIONS) == set(COMPARED)


@given(PARTS | JSON)
def test_any_json_is_read_or_refused(found: Any) -> None:
    try:
        read = read_row(found)
    except RowError:
        return
    assert read.okta_user_id == found["id"]
    assert all(read.attributes.values())


# ------------------------------------------------------------------ ages

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moments", "age"),
    [
        ({"created": "2026-03-01T11:30:00.000Z"}, timedelta(minutes=30)),
        ({"statusChanged": "2026-03-01T11:30:00.000Z"}, timedelta(minutes=30)),
        ({"created": "2025-01-01T00:00:00.000Z", "statusChanged": "2026-03-01T11:59:00.000Z"}, timedelta(minutes=1)),
        ({"created": "2026-03-01T11:59:00.000Z", "statusChanged": "2025-01-01T00:00:00.000Z"}, timedelta(minutes=1)),
        ({"created": "2026-03-01T13:30:00+02:00"}, timedelta(minutes=30)),
        ({"created": "2026-03-01T11:30:00"}, timedelta(minutes=30)),
        ({"created": "2026-03-01T12:00:00.999Z"}, timedelta()),
        ({"created": "2026-03-01T12:15:00.000Z"}, timedelta()),
        ({"created": "2026-03-01T12:15:00.001Z"}, None),
        ({"created": "2099-01-01T00:00:00.000Z"}, None),
        ({"created": "soon", "statusChanged": 7}, None),
        ({"lastUpdated": "2026-03-01T11:30:00.000Z"}, None),
        ({}, None),
    ],
)
def test_an_assignment_is_as_old_as_its_status_by_oktas_clock(
    moments: dict[str, object], age: timedelta | None
) -> None:
    assert read_row({**row(7), **moments}, NOON).age == age
    assert read_row({**row(7), **moments}).age is None
