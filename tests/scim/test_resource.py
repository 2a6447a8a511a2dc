import time
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.resource import Document, Member, MembershipChange, StoredResource, fold, parse_timestamp, timestamp, view
from scim.urns import ENTERPRISE_USER, GROUP, USER

CREATED = datetime(2026, 3, 1, 8, 0, 0, 123456, tzinfo=UTC)
MODIFIED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def _stored(
    document: Document,
    *,
    resource_type: str = "User",
    members: tuple[Member, ...] | None = None,
    groups: tuple[Member, ...] = (),
) -> StoredResource:
    return StoredResource(resource_type, "2819c223", 7, CREATED, MODIFIED, document, members, groups)


def test_a_view_is_the_document_with_what_the_store_knows() -> None:
    stored = _stored({"userName": "bjensen", "externalId": "00u1", "active": False})
    assert view(stored, USER_TYPE) == {
        "schemas": [USER],
        "id": "2819c223",
        "userName": "bjensen",
        "externalId": "00u1",
        "active": False,
        "meta": {
            "resourceType": "User",
            "created": "2026-03-01T08:00:00.123Z",
            "lastModified": "2026-03-02T09:30:00.000Z",
            "version": 'W/"7"',
        },
    }


def test_a_view_names_the_extensions_that_hold_something() -> None:
    assert view(_stored({ENTERPRISE_USER: {"department": "Sales"}}), USER_TYPE)["schemas"] == [USER, ENTERPRISE_USER]
    assert view(_stored({ENTERPRISE_USER: {}}), USER_TYPE)["schemas"] == [USER]


def test_an_extension_that_is_served_no_more_is_not_shown_and_nothing_else_goes_with_it() -> None:
    shown = view(_stored({"userName": "ann", "other": 1, "urn:example:Gone": {"a": 1}}), USER_TYPE)
    assert (shown["userName"], shown["other"], "urn:example:Gone" in shown) == ("ann", 1, False)
    assert shown["schemas"] == [USER]


def test_a_view_of_a_group_has_its_members_unless_they_were_not_read() -> None:
    members = (Member("1", "Babs", "User"), Member("2"))
    group = view(_stored({"displayName": "Tour"}, resource_type="Group", members=members), GROUP_TYPE)
    assert group["schemas"] == [GROUP]
    assert group["members"] == [{"value": "1", "display": "Babs", "type": "User"}, {"value": "2"}]
    assert view(_stored({}, resource_type="Group", members=()), GROUP_TYPE)["members"] == []
    assert "members" not in view(_stored({}, resource_type="Group"), GROUP_TYPE)


def test_a_view_of_a_user_has_groups_when_there_are_some() -> None:
    groups = (Member("9", "Tour", "direct"),)
    assert view(_stored({}, groups=groups), USER_TYPE)["groups"] == [
        {"value": "9", "display": "Tour", "type": "direct"}
    ]
    assert "groups" not in view(_stored({}), USER_TYPE)


def test_a_view_leaves_the_document_as_it_was() -> None:
    document = {"userName": "bjensen"}
    view(_stored(document), USER_TYPE)["title"] = "changed"
    assert document == {"userName": "bjensen"}


def test_a_membership_change_is_true_when_it_may_change_something() -> None:
    assert not MembershipChange()
    assert MembershipChange(replace=True)
    assert MembershipChange(add=(Member("1"),))
    assert MembershipChange(remove=("1",))


@pytest.mark.parametrize(
    ("one", "other"),
    [("BJensen", "bjensen"), ("STRASSE", "straße"), ("A\u030aNGSTRO\u0308M", "ångström"), ("ΣΊΣΥΦΟΣ", "Σίσυφος")],
)
def test_names_that_read_alike_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_different_names_fold_differently() -> None:
    assert len({fold(name) for name in ("e", "é", "ë", "ee", "")}) == 5


@settings(deadline=None)
@given(st.text())
def test_folding_is_nfc_then_casefold_then_nfc(text: str) -> None:
    assert fold(text) == unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("2026-05-13T04:42:34Z", "2026-05-13T04:42:34.000Z"),
        ("2026-05-13T04:42:34", "2026-05-13T04:42:34.000Z"),
        ("2026-05-13T04:42:34.5+02:00", "2026-05-13T02:42:34.500Z"),
        ("2026-05-13T23:42:34-05:30", "2026-05-14T05:12:34.000Z"),
        ("2026-05-13T04:42:34.1239999999Z", "2026-05-13T04:42:34.123Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
    ],
)
def test_a_date_time_is_the_moment_it_names(text: str, rendered: str) -> None:
    moment = parse_timestamp(text)
    assert moment
    assert moment.tzinfo is UTC
    assert timestamp(moment) == rendered


def test_a_date_time_without_an_offset_is_in_utc_wherever_this_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        assert parse_timestamp("2026-05-13T04:42:34") == datetime(2026, 5, 13, 4, 42, 34, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-05-13",
        "20260513T044234Z",
        "2026-05-13 04:42:34Z",
        "2026-05-13T04:42Z",
        "2026-02-30T00:00:00Z",
        "2026-05-13T25:00:00Z",
        "2026-05-13T04:42:34.Z",
        "2026-05-13T04:42:34+0200",
        "2026-05-13T04:42:34Z\n",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "٢٠٢٦-05-13T04:42:34Z",
    ],
)
def test_what_is_no_date_time_names_no_moment(text: str) -> None:
    assert parse_timestamp(text) is None


@settings(deadline=None)
@given(
    st.datetimes(
        min_value=datetime(2, 1, 1),  # noqa: DTZ001 - hypothesis takes naive bounds
        max_value=datetime(9998, 1, 1),  # noqa: DTZ001 - hypothesis takes naive bounds
        timezones=st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    ),
)
def test_a_rendered_moment_reads_as_the_same_moment(moment: datetime) -> None:
    whole_milliseconds = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert parse_timestamp(timestamp(moment)) == whole_milliseconds
    assert timestamp(moment) == moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
