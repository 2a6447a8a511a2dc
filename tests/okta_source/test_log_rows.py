"""Events of the System Log: read by the type of their targets, or refused, and never dropped."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncd.okta_source.log_rows import LONGEST_TEXT, read_event
from syncd.okta_source.rows import RowError

TARGETS = [
    {"id": "0ua1", "type": "AppUser", "alternateId": "a@x.org"},
    {"id": "0oa1", "type": "AppInstance"},
    {"id": "00u1", "type": "User"},
    {"id": "00g1", "type": "UserGroup"},
]
ROW = {
    "uuid": "e-1",
    "eventType": "application.user_membership.remove",
    "published": "2026-11-23T10:00:00.123Z",
    "outcome": {"result": "SUCCESS"},
    "target": TARGETS,
}


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ({"result": "SUCCESS"}, "SUCCESS"),
        (
            {"result": "FAILURE", "reason": "Matching\n user \x1b[31m not found"},
            "FAILURE: Matching user [31m not found",
        ),
        ({"result": "FAILURE", "reason": None}, "FAILURE"),
        ({"result": "FAILURE", "reason": "x" * 500}, "FAILURE: " + "x" * (LONGEST_TEXT - 9)),
        (None, None),
        ("SUCCESS", None),
    ],
)
def test_how_an_event_ended_is_told_on_one_line(outcome: Any, said: str | None) -> None:
    assert read_event({**ROW, "outcome": outcome}).outcome == said


@pytest.mark.parametrize(
    ("actor", "said"),
    [
        ({"id": "00u9", "type": "User", "alternateId": "eve@x.org", "displayName": "Eve"}, "eve@x.org"),
        ({"id": "00u9", "type": "User", "alternateId": None, "displayName": "Eve"}, "Eve"),
        ({"id": "00u9", "type": "User"}, "00u9"),
        ({}, None),
        (None, None),
        ("eve", None),
    ],
)
def test_who_did_it_is_told_by_the_name_that_people_know(actor: Any, said: str | None) -> None:
    assert read_event({**ROW, "actor": actor}).actor == said


@pytest.mark.parametrize("targets", [TARGETS, TARGETS[::-1]])
def test_targets_are_told_apart_by_type_in_any_order(targets: list[Any]) -> None:
    event = read_event({**ROW, "target": targets})
    assert (event.user_ids, event.app_ids, event.group_ids) == (("00u1",), ("0oa1",), ("00g1",))
    assert (event.uuid, event.event_type, event.succeeded) == ("e-1", ROW["eventType"], True)
    assert event.published == datetime(2026, 11, 23, 10, 0, 0, 123_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "succeeded"),
    [({"outcome": {"result": "FAILURE"}}, False), ({"outcome": None}, False), ({"outcome": "SUCCESS"}, False)],
)
def test_only_a_success_is_one(change: dict[str, Any], succeeded: bool) -> None:
    assert read_event({**ROW, **change}).succeeded is succeeded


def test_a_type_that_nobody_has_heard_of_is_kept() -> None:
    assert read_event({**ROW, "eventType": "application.of.next.year"}).event_type == "application.of.next.year"


@pytest.mark.parametrize("target", [None, []])
def test_an_event_without_targets_is_about_nobody(target: Any) -> None:
    assert read_event({**ROW, "target": target}).user_ids == ()


@pytest.mark.parametrize("text", ["2026-11-23T10:00:00.123", "2026-11-23T11:00:00.123+01:00"])
def test_every_form_of_a_time_is_read(text: str) -> None:
    assert read_event({**ROW, "published": text}).published - read_event(ROW).published == timedelta()


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        "event",
        {},
        {**ROW, "uuid": None},
        {**ROW, "eventType": 7},
        {**ROW, "published": "soon"},
        {**ROW, "published": ""},
        {**ROW, "target": {"id": "00u1"}},
        {**ROW, "target": ["00u1"]},
        {**ROW, "target": [{"type": "User"}]},
        {**ROW, "target": [{"type": "User", "id": ""}]},
        {**ROW, "target": [{}]},
    ],
)
def test_an_event_that_does_not_say_which_it_is_or_whom_it_is_about_is_refused(row: Any) -> None:
    with pytest.raises(RowError):
        read_event(row)
