"""Groups from Okta: all of them or an error, and a "no member" that only Okta's own words can say."""

import asyncio
from typing import Any

import pytest

from syncd.core.groups import Belonging
from syncd.okta_source.client import Reply
from syncd.okta_source.faults import Question
from syncd.okta_source.groups import read_mappings
from syncd.okta_source.settings import OktaSettings
from syncd.ports import SourceFault, SourceUnhealthyError
from tests.okta_source.conftest import OpenSource, Serve
from tests.okta_source.group_script import MAPPINGS, GroupedOrg
from tests.okta_source.listing_script import Org, user_id
from tests.okta_source.scripted_okta import Request, Response, ScriptedOkta, json_response, okta_error

WHO = user_id(1)
NOT_FOUND = okta_error(404, "E0000007", "Not found: Resource not found")

UNCLEAR: dict[str, Response] = {
    "401": okta_error(401, "E0000011", "Invalid token provided"),
    "403": okta_error(403, "E0000006", "You do not have permission"),
    "404 of Okta's": NOT_FOUND,
    "404 with HTML": Response(404, b"<html>").typed("text/html"),
    "429": okta_error(429, "E0000047", "API call exceeded rate limit due to too many requests."),
    "500": okta_error(500, "E0000009", "Internal Server Error"),
    "502 empty": Response(502, headers=()),
    "200 empty": Response(),
    "200 with null": json_response(None),
    "200 with a text": json_response("group"),
    "302": Response(302, headers=(("Location", "/login"),)),
    "dropped": Response(dropped=True),
}
OF_A_LIST = {
    "no group at all": json_response([]),
    "a row without an id": json_response([{"name": "Everyone"}]),
    "a row that is null": json_response([None]),
    "an object": json_response({}),
    "a Link header that cannot be read": json_response([{"id": "00gEveryone"}]).having(("Link", "next")),
    "a link elsewhere": json_response([{"id": "00gEveryone"}]).having(("Link", '<https://evil.example/>; rel="next"')),
    "a link to itself": json_response([{"id": "00gEveryone"}]).having(
        ("Link", f'</api/v1/users/{WHO}/groups>; rel="next"')
    ),
}
OF_AN_OBJECT = {
    "a list": json_response([]),
    "another group": json_response({"id": "00gAnother", "profile": {"name": "Another"}}),
    "no id": json_response({"profile": {"name": "Guides"}}),
}


@pytest.fixture
def org() -> GroupedOrg:
    grouped = GroupedOrg(Org([], 2))
    grouped.org.people[WHO] = "ACTIVE"
    return grouped


@pytest.fixture
def okta(org: GroupedOrg, serve: Serve) -> ScriptedOkta:
    served = serve(org.respond)
    org.org.url = served.url
    return served


def belonging(open_okta: OpenSource, okta: ScriptedOkta, group: str, who: str = WHO) -> Belonging:
    return open_okta(okta.url, max_wait_total=0.0).look_up_membership(group, who).belonging


@pytest.mark.parametrize("name", UNCLEAR | OF_A_LIST)
def test_an_unclear_answer_about_the_groups_of_a_person_is_unknown(
    name: str, org: GroupedOrg, okta: ScriptedOkta, open_okta: OpenSource
) -> None:
    group = org.push_group("Guides", [])
    org.instead[f"/api/v1/users/{WHO}/groups"] = (UNCLEAR | OF_A_LIST)[name]
    assert belonging(open_okta, okta, group) is Belonging.UNKNOWN


@pytest.mark.parametrize("name", UNCLEAR | OF_AN_OBJECT)
def test_an_unclear_answer_about_the_group_is_unknown(
    name: str, org: GroupedOrg, okta: ScriptedOkta, open_okta: OpenSource
) -> None:
    group = org.push_group("Guides", [])
    org.instead[f"/api/v1/groups/{group}"] = (UNCLEAR | OF_AN_OBJECT)[name]
    assert belonging(open_okta, okta, group) is Belonging.UNKNOWN


@pytest.mark.parametrize(("group", "who"), [("..", WHO), ("", WHO), ("00g1", ".."), ("00g1", "")])
def test_what_is_no_id_is_not_asked_for(group: str, who: str, okta: ScriptedOkta, open_okta: OpenSource) -> None:
    assert belonging(open_okta, okta, group, who) is Belonging.UNKNOWN
    assert all(".." not in target for target in okta.targets)


def test_a_membership_on_a_later_page_is_found(org: GroupedOrg, okta: ScriptedOkta, open_okta: OpenSource) -> None:
    groups = [org.push_group(f"Group {number}", [WHO]) for number in range(5)]
    other = org.push_group("Another", [])
    assert [belonging(open_okta, okta, group) for group in (groups[-1], other)] == [
        Belonging.MEMBER,
        Belonging.NOT_MEMBER,
    ]


def test_a_mapping_tells_what_okta_holds_of_it(org: GroupedOrg, okta: ScriptedOkta, open_okta: OpenSource) -> None:
    org.push_group("Guides", [])
    org.push_group("Gone", [])
    org.mappings[0] |= {"targetGroupId": "scim-1", "status": "ERROR"}
    del org.names[org.mappings[1]["sourceGroupId"]]
    told = [(one.name, one.target_group_id, one.status) for one in open_okta(okta.url).group_mappings()]
    assert told == [("Guides", "scim-1", "ERROR"), (None, None, "ACTIVE")]
    assert okta.targets[0] == f"{MAPPINGS}?limit=1000"


@pytest.mark.parametrize("name", sorted({*UNCLEAR} - {"429"}))
def test_mappings_that_do_not_come_are_an_error(
    name: str, org: GroupedOrg, okta: ScriptedOkta, open_okta: OpenSource
) -> None:
    org.push_group("Guides", [])
    org.instead[MAPPINGS] = UNCLEAR[name]
    with pytest.raises(SourceUnhealthyError):
        open_okta(okta.url).group_mappings()


@pytest.mark.parametrize("name", sorted(({*UNCLEAR} - {"404 of Okta's", "429"}) | {*OF_AN_OBJECT}))
def test_a_group_that_does_not_come_is_an_error(
    name: str, org: GroupedOrg, okta: ScriptedOkta, open_okta: OpenSource
) -> None:
    group = org.push_group("Guides", [])
    org.instead[f"/api/v1/groups/{group}"] = (UNCLEAR | OF_AN_OBJECT)[name]
    with pytest.raises(SourceUnhealthyError):
        open_okta(okta.url).group_mappings()


@pytest.mark.parametrize("source", [None, "", "..", 7])
def test_a_mapping_that_names_no_group_is_an_error(
    source: Any, org: GroupedOrg, okta: ScriptedOkta, open_okta: OpenSource
) -> None:
    org.push_group("Guides", [])
    org.mappings[0]["sourceGroupId"] = source
    with pytest.raises(SourceUnhealthyError):
        open_okta(okta.url).group_mappings()


@pytest.mark.parametrize(
    ("answer", "fault"),
    [(UNCLEAR["403"], SourceFault.PERMISSION), (NOT_FOUND, SourceFault.APP)],
)
def test_what_may_not_be_seen_tells_what_to_grant(
    answer: Response, fault: SourceFault, org: GroupedOrg, okta: ScriptedOkta, open_okta: OpenSource
) -> None:
    group = org.push_group("Guides", [])
    org.instead |= {MAPPINGS: answer, f"/api/v1/groups/{group}/users": answer}
    source = open_okta(okta.url)
    for ask in (source.group_mappings, lambda: list(source.group_members(group))):
        with pytest.raises(SourceUnhealthyError, match=r"okta\.groups\.read") as told:
            ask()
        assert told.value.fault is fault


def test_members_are_asked_for_two_hundred_at_a_time(
    org: GroupedOrg, okta: ScriptedOkta, open_okta: OpenSource
) -> None:
    people = [user_id(number) for number in range(450)]
    group = org.push_group("Guides", people)
    pages = list(open_okta(okta.url).group_members(group))
    assert [len(page) for page in pages] == [200, 200, 50]
    assert [one for page in pages for one in page] == people
    assert okta.targets[0] == f"/api/v1/groups/{group}/users?limit=200"


def test_a_lost_link_among_members_shows(org: GroupedOrg, serve: Serve, open_okta: OpenSource) -> None:
    group = org.push_group("Guides", [user_id(number) for number in range(5)])

    def without_next(request: Request) -> Response:
        response = org.respond(request)
        kept = tuple(pair for pair in response.headers if 'rel="next"' not in pair[1])
        return Response(response.status, response.body, kept)

    served = serve(without_next)
    org.org.url = served.url
    with pytest.raises(SourceUnhealthyError):
        list(open_okta(served.url, page_limit=2).group_members(group))


def test_a_token_without_the_scope_is_told_before_anything_is_asked() -> None:
    async def ask(question: Question) -> Reply:
        raise AssertionError(question)

    settings = OktaSettings("https://acme.okta.com", "0oa1", api_token="secret")
    with pytest.raises(SourceUnhealthyError, match=r"okta\.groups\.read") as told:
        asyncio.run(read_mappings(ask, settings, frozenset({"okta.apps.read"})))
    assert told.value.fault is SourceFault.PERMISSION
