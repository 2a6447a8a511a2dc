"""A walk that goes on from another one's cursor believes no less than the walk that left it would have."""

from collections.abc import Callable
from dataclasses import replace

import orjson
import pytest

from syncd.okta_source.progress import Progress
from syncd.ports import SourceFault, SourceUnhealthyError
from tests.okta_source.conftest import OpenSource
from tests.okta_source.listing_script import LISTING, Org, okta_links, rows, user_id
from tests.okta_source.scripted_okta import Response, ScriptedOkta

ServeOrg = Callable[[Org], ScriptedOkta]
PAGE_SIZE = 3
PAGES = 5


def cursors(open_okta: OpenSource, okta: ScriptedOkta) -> list[str]:
    """Return the cursor behind each page, and forget the requests."""
    found = [page.cursor or "" for page in open_okta(okta.url, page_limit=PAGE_SIZE).pages()]
    okta.requests.clear()
    return found


def read_behind(open_okta: OpenSource, okta: ScriptedOkta, cursor: str) -> list[str]:
    return [one.okta_user_id for page in open_okta(okta.url, page_limit=PAGE_SIZE).pages(cursor) for one in page.rows]


def refused(open_okta: OpenSource, okta: ScriptedOkta, cursor: str) -> str:
    with pytest.raises(SourceUnhealthyError) as caught:
        read_behind(open_okta, okta, cursor)
    assert caught.value.fault is SourceFault.LISTING
    return str(caught.value)


def without_links(response: Response) -> Response:
    return response.without("Link")


def only_next(own: str, following: str | None) -> tuple[str, ...]:
    return okta_links(own, following)[1:]


@pytest.mark.parametrize("done", range(1, PAGES + 1))
def test_only_what_is_behind_the_cursor_is_asked_for(done: int, open_okta: OpenSource, serve_org: ServeOrg) -> None:
    okta = serve_org(Org(rows(14), PAGE_SIZE))
    cursor = cursors(open_okta, okta)[done - 1]
    assert read_behind(open_okta, okta, cursor) == [user_id(number) for number in range(3 * done + 1, 15)]
    asked = [target for target in okta.targets if f"limit={PAGE_SIZE}&" in target]
    assert asked[: PAGES - done] == [f"{LISTING}?after={3 * page}&limit=3&expand=user" for page in range(done, PAGES)]
    assert bool(okta.requests) == (done < PAGES), "behind the last page there is nothing to ask"


@pytest.mark.parametrize("page", range(2, PAGES + 1))
def test_a_page_that_lost_its_links_is_refused_by_what_was_seen_before_the_cursor(
    page: int, open_okta: OpenSource, serve_org: ServeOrg
) -> None:
    org = Org(rows(14), PAGE_SIZE)
    okta = serve_org(org)
    cursor = cursors(open_okta, okta)[page - 2]
    org.spoilt = {page: without_links}
    assert "no Link header" in refused(open_okta, okta, cursor)


@pytest.mark.parametrize("page", [2, 3, 4])
def test_a_full_page_without_links_is_refused_by_the_size_of_those_before_the_cursor(
    page: int, open_okta: OpenSource, serve_org: ServeOrg
) -> None:
    org = Org(rows(13), 2, link=only_next)
    okta = serve_org(org)
    respond = org.respond
    okta.script = lambda request: respond(replace(request, query=request.query.replace("limit=3", "limit=2")))
    cursor = cursors(open_okta, okta)[page - 2]
    org.spoilt = {page: without_links}
    assert "no Link header" in refused(open_okta, okta, cursor)


def test_nobody_behind_a_cursor_that_led_on_is_no_end(open_okta: OpenSource, serve_org: ServeOrg) -> None:
    org = Org(rows(14), PAGE_SIZE)
    okta = serve_org(org)
    cursor = cursors(open_okta, okta)[3]
    org.spoilt = {5: lambda response: replace(without_links(response), body=b"[]")}
    assert "nobody more" in refused(open_okta, okta, cursor)


def test_an_empty_last_page_further_on_is_an_end_as_ever(open_okta: OpenSource, serve_org: ServeOrg) -> None:
    def leading_on(own: str, following: str | None) -> tuple[str, ...]:
        return okta_links(own, own.replace("after=9", "after=12") if "after=9" in own else following)

    okta = serve_org(Org(rows(12), PAGE_SIZE, link=leading_on))
    cursor = cursors(open_okta, okta)[2]
    assert read_behind(open_okta, okta, cursor) == [user_id(number) for number in (10, 11, 12)]


def test_a_repeated_row_behind_the_cursor_is_refused(open_okta: OpenSource, serve_org: ServeOrg) -> None:
    org = Org(rows(14), PAGE_SIZE)
    okta = serve_org(org)
    cursor = cursors(open_okta, okta)[0]
    org.spoilt = {3: lambda response: replace(response, body=orjson.dumps(rows(6)[3:]))}
    assert "listed twice" in refused(open_okta, okta, cursor)


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1/apps/0oaOther/users?after=3",
        f"{LISTING}/00u1?after=3",
        f"@evil.example.com{LISTING}",
        f"{LISTING}?after=3#more",
        "",
        7,
    ],
)
def test_a_cursor_leads_nowhere_but_into_the_listing(target: str, open_okta: OpenSource, serve_org: ServeOrg) -> None:
    okta = serve_org(Org(rows(14), PAGE_SIZE))
    assert "cannot be read" in refused(open_okta, okta, Progress(1, target).as_cursor())
    assert okta.requests == []


@pytest.mark.parametrize(
    "cursor",
    [
        Progress(-1, LISTING).as_cursor(),
        Progress(1, LISTING, fullest=-1).as_cursor(),
        '{"pages":"1","target":null}',
        '{"pages":true,"target":null}',
        '{"pages":1,"target":null,"saw_self":1}',
        '{"pages":1,"target":null,"more":1}',
    ],
)
def test_a_cursor_with_other_values_is_refused(cursor: str, open_okta: OpenSource, serve_org: ServeOrg) -> None:
    assert "cannot be read" in refused(open_okta, serve_org(Org(rows(14), PAGE_SIZE)), cursor)
