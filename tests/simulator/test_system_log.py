"""GET /api/v1/logs of the simulated org: what is told, in which order, and where it ends."""

from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests
from okta.models.log_event import LogEvent

from syncd.simulator import RequestFault, SimulatedOrg
from tests.simulator.conftest import APP_ID, Api, SetClock

LOGS = "/api/v1/logs"
OF_APP = f'target.id eq "{APP_ID}" and target.type eq "AppInstance"'


def since(text: str = "2026-11-23T00:00:00Z", **others: Any) -> str:
    rest = "".join(f"&{name}={quote(str(value))}" for name, value in others.items())
    return f"{LOGS}?since={text}{rest}"


def types(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [event["eventType"] for event in answer.json()]


def following(answer: requests.Response) -> str:
    parts = urlsplit(answer.links["next"]["url"])
    return f"{parts.path}?{parts.query}"


def joiner(org: SimulatedOrg, login: str = "ada@x.org") -> str:
    person = org.create_user(login, "Ada", "Lovelace")
    org.assign(person)
    return person


def test_what_happens_to_a_person_is_written_down_in_order(org: SimulatedOrg, api: Api) -> None:
    person = joiner(org)
    org.suspend(person)
    org.unsuspend(person)
    org.unassign(person)
    org.delete(person)
    told = types(api("GET", since()))
    assert [one for one in told if "provision" not in one] == [
        "user.lifecycle.create",
        "user.lifecycle.activate",
        "application.user_membership.add",
        "user.lifecycle.suspend",
        "user.lifecycle.unsuspend",
        "application.user_membership.remove",
        "user.lifecycle.deactivate",
        "user.lifecycle.delete.initiated",
        "user.lifecycle.delete.completed",
    ]


def test_a_group_tells_its_members_and_whom_it_assigns(org: SimulatedOrg, api: Api) -> None:
    person = org.create_user("ada@x.org", "Ada", "L")
    group = org.create_group("Team", [person])
    org.assign_group(group)
    org.remove_member(group, person)
    org.unassign_group(group)
    rows = api.get(since())
    told = [row["eventType"] for row in rows if not row["eventType"].startswith("user.")]
    assert [one for one in told if "provision" not in one] == [
        "group.lifecycle.create",
        "group.user_membership.add",
        "group.application_assignment.add",
        "application.user_membership.add",
        "group.user_membership.remove",
        "application.user_membership.remove",
        "group.application_assignment.remove",
    ]
    removal = next(row for row in rows if row["eventType"] == "application.user_membership.remove")
    targets = {target["type"]: target["id"] for target in removal["target"]}
    assert (targets["User"], targets["AppInstance"]) == (person, APP_ID)
    assert targets["AppUser"] not in {person, APP_ID}


def test_a_push_that_fails_is_told_with_its_reason(org: SimulatedOrg, api: Api) -> None:
    person = joiner(org)
    org.drain()
    with org.lose_pushes():
        org.unassign(person)
        org.drain()
    failed = [row for row in api.get(since()) if row["outcome"]["result"] == "FAILURE"]
    assert [row["eventType"] for row in failed][-1] == "application.provision.user.deactivate"
    assert "lost on the way" in failed[-1]["outcome"]["reason"]


def test_every_event_is_one_that_okta_publishes(org: SimulatedOrg, api: Api) -> None:
    joiner(org)
    published = {field.alias or name for name, field in LogEvent.model_fields.items()}
    for row in api.get(since()):
        assert LogEvent.from_dict(row) is not None
        assert set(row) == published


def test_a_poll_goes_on_for_ever_and_repeats_its_cursor_at_the_end(org: SimulatedOrg, api: Api) -> None:
    joiner(org)
    page = api("GET", since(limit=2, filter='eventType sw "user."'))
    assert types(page) == ["user.lifecycle.create", "user.lifecycle.activate"]
    end = following(page)
    assert "since" not in end
    for _ in range(2):
        empty = api("GET", end)
        assert types(empty) == []
        assert following(empty) == end
    org.suspend("ada@x.org")
    page = api("GET", end)
    assert types(page) == ["user.lifecycle.suspend"]
    assert following(page) != end


def test_a_poll_of_nothing_since_then_has_a_cursor_too(org: SimulatedOrg, api: Api, clock: SetClock) -> None:
    joiner(org)
    clock.advance(60)
    start = api("GET", since("2026-11-23T10:00:30.000Z"))
    assert types(start) == []
    org.suspend("ada@x.org")
    assert types(api("GET", following(start))) == ["user.lifecycle.suspend"]


def test_a_walk_in_pages_of_any_size_tells_each_event_once(org: SimulatedOrg, api: Api) -> None:
    for number in range(3):
        joiner(org, f"p{number}@x.org")
    org.drain()
    whole = [row["uuid"] for row in api.get(since(limit=1000))]
    for limit in (1, 2, 4):
        told, target = [], since(limit=limit)
        while page := api.get(target):
            told += [row["uuid"] for row in page]
            target = following(api("GET", target))
        assert told == whole
    assert len(set(whole)) == len(whole)


def test_a_late_event_comes_behind_those_that_happened_after_it(org: SimulatedOrg, api: Api, clock: SetClock) -> None:
    joiner(org)
    org.drain()
    seen = following(api("GET", since()))
    with org.late_events():
        org.suspend("ada@x.org")
        clock.advance(60)
        assert types(api("GET", seen)) == []
    org.create_user("bob@x.org", "Bob", "B")
    told = api.get(seen)
    assert (told[0]["eventType"], told[0]["published"]) == ("user.lifecycle.suspend", "2026-11-23T10:00:00.000Z")
    bounded = api.get(since(until="2026-11-23T10:00:30Z"))
    assert bounded[-1]["eventType"] == "user.lifecycle.suspend"


def test_a_span_of_time_ends_and_may_be_read_backwards(org: SimulatedOrg, api: Api) -> None:
    joiner(org)
    org.drain()
    newest = api("GET", f"{LOGS}?sortOrder=DESCENDING&limit=1")
    assert len(types(newest)) == 1
    last = api("GET", since(until="2026-11-23T11:00:00Z"))
    assert "next" not in last.links
    assert sorted(types(last)) == sorted(types(api("GET", since())))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (OF_APP, ["application.user_membership.add"]),
        (f'({OF_APP}) or eventType eq "user.lifecycle.create"', 2),
        (f'{OF_APP} and (eventType eq "x" or eventType eq "application.user_membership.add")', 1),
        ('eventType eq "user.lifecycle.create" or eventType sw "user.lifecycle.a" and target.id eq "nobody"', 1),
        ('outcome.result eq "FAILURE"', 0),
        ('target.alternateId co "ada"', 3),
    ],
)
def test_a_filter_lets_through_what_it_says(org: SimulatedOrg, api: Api, condition: str, expected: Any) -> None:
    org.set_features([])
    joiner(org)
    told = types(api("GET", since(filter=condition)))
    assert (told if isinstance(expected, list) else len(told)) == expected


@pytest.mark.parametrize(
    "query",
    [
        "filter=eventType",
        'filter=published eq "2026"',
        'filter=(eventType eq "x"',
        'filter=eventType eq "x" eventType',
        "filter=eventType eq x",
        'filter=eventType [ "x"',
        "limit=1001",
        "limit=-1",
        "sortOrder=SIDEWAYS",
        "since=yesterday",
        "after=garbage!",
        "after=MS4",
        "after=MS4x&since=2026-11-23T00:00:00Z",
        "since=2026-01-01T00:00:00Z",
    ],
)
def test_a_query_that_is_not_one_is_refused(api: Api, query: str) -> None:
    assert api("GET", f"{LOGS}?{query}").status_code == 400


def test_a_cursor_older_than_the_log_is_refused(org: SimulatedOrg, api: Api, clock: SetClock) -> None:
    joiner(org)
    cursor = following(api("GET", since()))
    clock.advance(89 * 86_400)
    assert api("GET", cursor).status_code == 200
    clock.advance(2 * 86_400)
    assert api("GET", cursor).status_code == 400
    assert api("PUT", "/simulator/log", {"retentionDays": 100}).status_code == 200
    assert api("GET", cursor).status_code == 200


def test_a_page_of_none_is_allowed(org: SimulatedOrg, api: Api) -> None:
    joiner(org)
    assert types(api("GET", since(limit=0))) == []


def test_a_full_page_may_be_made_to_lead_to_itself(org: SimulatedOrg, api: Api) -> None:
    joiner(org)
    org.faults.on_page(RequestFault.NEXT_IS_SELF, 2, path=LOGS, times=None)
    second = following(api("GET", since(limit=1)))
    stuck = api("GET", second)
    assert len(types(stuck)) == 1
    assert following(stuck) == second


def test_an_event_may_lose_its_uuid(org: SimulatedOrg, api: Api) -> None:
    joiner(org)
    org.faults.on_page(RequestFault.ROW_WITHOUT_ID, 1, path=LOGS)
    assert "uuid" not in api.get(since())[0]


def test_a_backlog_was_there_before_the_log(org: SimulatedOrg, api: Api) -> None:
    org.populate(3)
    assert api.get(since()) == []


def test_the_log_needs_its_own_scope_and_counts_on_its_own(org: SimulatedOrg, api: Api) -> None:
    org.rate_limits.per_minute[LOGS] = 1
    assert [api("GET", since()).status_code for _ in range(2)] == [200, 429]
    assert api("GET", "/api/v1/users").status_code == 200


def test_events_are_held_by_request(org: SimulatedOrg, api: Api) -> None:
    assert api("PUT", "/simulator/log", {"held": True}).json()["events"] == 0
    joiner(org)
    assert api.get(since()) == []
    assert api("PUT", "/simulator/log", {"held": False}).json()["events"] >= 3
    assert api("PUT", "/simulator/log", {"retentionDays": "long"}).status_code == 400
