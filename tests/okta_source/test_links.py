"""Every shape of the Link header: all rows, or an error; never a short list."""

from collections.abc import Callable
from dataclasses import replace

import orjson
import pytest

from syncd.okta_source import walker
from syncd.ports import SourceFault, SourceUnhealthyError
from tests.okta_source.conftest import OpenSource
from tests.okta_source.listing_script import APP_ID, LISTING, Org, Spoil, okta_links, rows, user_id
from tests.okta_source.scripted_okta import Response, ScriptedOkta, json_response

ServeOrg = Callable[[Org], ScriptedOkta]
Links = Callable[[str, str | None], tuple[str, ...]]

PAGE_SIZE = 3


def everybody(count: int) -> list[str]:
    return [user_id(number) for number in range(1, count + 1)]


def read_all(open_okta: OpenSource, url: str) -> list[str]:
    return [one.okta_user_id for page in open_okta(url, page_limit=PAGE_SIZE).pages() for one in page.rows]


def refused(open_okta: OpenSource, url: str) -> SourceUnhealthyError:
    with pytest.raises(SourceUnhealthyError) as caught:
        read_all(open_okta, url)
    assert caught.value.fault is SourceFault.LISTING
    return caught.value


def next_as(form: str) -> Links:
    """Write the next link in another form, where {} is its URL, after the page's own as Okta does."""
    return lambda own, following: (
        f'<{own}>; rel="self"',
        *([form.replace("{}", following)] if following else []),
    )


SHAPES: dict[str, Links] = {
    "self, then next, in two headers": okta_links,
    "next before self": lambda own, following: okta_links(own, following)[::-1],
    "both in one header": lambda own, following: (", ".join(okta_links(own, following)),),
    "both in one header, next first": lambda own, following: (",".join(okta_links(own, following)[::-1]),),
    "a third relation between them": lambda own, following: (f'<{own}>; rel="first"', *okta_links(own, following)),
    "no self anywhere": lambda own, following: okta_links(own, following)[1:],
    "next as a token": next_as("<{}>;rel=next"),
    "next in capitals": next_as('<{}>; REL="NEXT"'),
    "next with two relations": next_as('<{}>; rel="last next"'),
    "next after a title with a comma and a bracket": next_as('<{}>; title="a, <b>; \\"c\\""; rel="next"'),
    "empty elements": next_as(', ,<{}>; rel="next" ; ,'),
    "next without the org": lambda own, following: okta_links(own, following and following[following.index("/api/") :]),
}

CURSORS: dict[str, Callable[[int], str]] = {
    "a comma": lambda start: f"a,b,{start}",
    "a plus": lambda start: f"a+b+{start}",
    "escapes in both cases": lambda start: f"%2b%2B%20%2c{start}%41",
    "base64": lambda start: f"MTIz{start}/+==",
    "an ampersand's escape": lambda start: f"%26after%3D{start}",
    "very long": lambda start: f"{start}x{'y' * 20_000}",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_way_to_write_the_links_is_followed_to_the_end(
    shape: str, open_okta: OpenSource, serve_org: ServeOrg
) -> None:
    okta = serve_org(Org(rows(14), PAGE_SIZE, link=SHAPES[shape]))
    assert read_all(open_okta, okta.url) == everybody(14)


@pytest.mark.parametrize("cursor", CURSORS)
def test_a_cursor_goes_back_byte_for_byte(cursor: str, open_okta: OpenSource, serve_org: ServeOrg) -> None:
    okta = serve_org(Org(rows(8), PAGE_SIZE, cursor=CURSORS[cursor]))
    assert read_all(open_okta, okta.url) == everybody(8)
    assert okta.targets[1] == f"{LISTING}?after={CURSORS[cursor](3)}&limit=3&expand=user"


@pytest.mark.parametrize("count", [0, 1, 2, 3, 6, 15])
def test_a_listing_of_any_length_is_whole(count: int, open_okta: OpenSource, serve_org: ServeOrg) -> None:
    okta = serve_org(Org(rows(count), PAGE_SIZE))
    assert read_all(open_okta, okta.url) == everybody(count)


def test_an_empty_listing_is_one_empty_page(open_okta: OpenSource, serve_org: ServeOrg) -> None:
    pages = list(open_okta(serve_org(Org([], PAGE_SIZE)).url).pages())
    assert [(page.number, page.rows) for page in pages] == [(1, ())]


def test_an_empty_page_with_a_next_is_no_end(open_okta: OpenSource, serve_org: ServeOrg) -> None:
    def empty(response: Response) -> Response:
        return replace(response, body=b"[]")

    okta = serve_org(Org(rows(14), PAGE_SIZE, spoilt={3: empty}))
    assert read_all(open_okta, okta.url) == everybody(6) + everybody(14)[9:]


def test_the_first_page_asks_for_the_limit_and_the_users(open_okta: OpenSource, serve_org: ServeOrg) -> None:
    okta = serve_org(Org(rows(2), 500))
    list(open_okta(okta.url).pages())
    assert okta.targets[0] == f"{LISTING}?limit=500&expand=user"


def without_links(response: Response) -> Response:
    return response.without("Link")


def linking(*links: str) -> Spoil:
    return lambda response: response.without("Link").having(*(("Link", link) for link in links))


WRONG: dict[str, tuple[Links, str]] = {
    "itself": (lambda own, _: okta_links(own, own), "leads back"),
    "another org": (next_as(f'<https://evil.example.com{LISTING}?after=9>; rel="next"'), "leaves http://127.0.0.1"),
    "another port": (next_as(f'<http://127.0.0.1:1{LISTING}?after=9>; rel="next"'), "leaves"),
    "another scheme": (
        lambda own, following: okta_links(own, following and following.replace("http:", "https:")),
        "leaves",
    ),
    "another scheme without a host": (next_as('<file:///etc/passwd>; rel="next"'), "leaves"),
    "the org, with a name and password": (
        lambda own, following: okta_links(own, following and following.replace("//", "//me:pw@")),
        "leaves",
    ),
    "a host without a scheme": (next_as(f'<//evil.example.com{LISTING}?after=9>; rel="next"'), "leaves"),
    "another listing": (next_as('</api/v1/apps/0oaOther/users?after=9>; rel="next"'), "another listing"),
    "a port that is none": (next_as('<http://127.0.0.1:x/>; rel="next"'), "next page"),
    "a fragment": (next_as('<{}#more>; rel="next"'), "fragment"),
    "two places": (next_as('<{}>; rel="next", <{}0>; rel="next"'), "two different"),
    "nothing": (next_as('<>; rel="next"'), "cannot be read"),
    "garbage": (next_as("]]next]]"), "cannot be read"),
    "an unclosed bracket": (next_as('<{}; rel="next"'), "cannot be read"),
    "an unclosed quote": (next_as('<{}>; rel="next'), "cannot be read"),
    "no relation": (next_as("<{}>"), "cannot be read"),
    "two relations, self first": (next_as('<{}>; rel="self"; rel="next"'), "cannot be read"),
    "another context": (next_as('<{}>; rel="next"; anchor="/other"'), "cannot be read"),
}


@pytest.mark.parametrize("place", WRONG)
def test_a_next_link_to_a_wrong_place_is_refused(place: str, open_okta: OpenSource, serve_org: ServeOrg) -> None:
    links, reason = WRONG[place]
    okta = serve_org(Org(rows(14), PAGE_SIZE, link=links))
    assert reason in str(refused(open_okta, okta.url))
    assert len(okta.requests) == 1


def test_a_link_to_another_server_is_not_asked_there(
    open_okta: OpenSource, serve_org: ServeOrg, serve: Callable[..., ScriptedOkta]
) -> None:
    other = serve(lambda _: json_response([]))
    okta = serve_org(Org(rows(14), PAGE_SIZE, link=next_as(f'<{other.url}{LISTING}?after=3>; rel="next"')))
    refused(open_okta, okta.url)
    assert other.requests == []


def test_a_loop_of_two_pages_is_refused(open_okta: OpenSource, serve_org: ServeOrg) -> None:
    org = Org(rows(14), PAGE_SIZE)
    okta = serve_org(org)
    org.spoilt = {3: linking(f'<{okta.url}{LISTING}?after=3&limit=3&expand=user>; rel="next"')}
    assert "leads back" in str(refused(open_okta, okta.url))


def test_a_loop_under_ever_new_addresses_is_refused_by_its_rows(open_okta: OpenSource, serve_org: ServeOrg) -> None:
    org = Org(rows(14), PAGE_SIZE)
    okta = serve_org(org)
    org.spoilt = {3: linking(f'<{okta.url}{LISTING}?after=3&limit=3&expand=user&again>; rel="next"')}
    assert "listed twice" in str(refused(open_okta, okta.url))


@pytest.mark.parametrize("page", [2, 3, 5])
def test_a_page_that_is_sent_instead_of_the_next_one_is_refused(
    page: int, open_okta: OpenSource, serve_org: ServeOrg
) -> None:
    first = orjson.dumps(rows(PAGE_SIZE))
    okta = serve_org(Org(rows(14), PAGE_SIZE, spoilt={page: lambda response: replace(response, body=first)}))
    assert "listed twice" in str(refused(open_okta, okta.url))


@pytest.mark.parametrize("page", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("shape", ["self, then next, in two headers", "both in one header, next first"])
def test_a_lost_link_header_is_refused_on_every_page(
    shape: str, page: int, open_okta: OpenSource, serve_org: ServeOrg
) -> None:
    okta = serve_org(Org(rows(14), PAGE_SIZE, link=SHAPES[shape], spoilt={page: without_links}))
    assert "no Link header" in str(refused(open_okta, okta.url))


@pytest.mark.parametrize("page", [1, 2, 3, 4])
def test_a_lost_link_header_is_refused_on_a_full_page_of_an_org_that_sends_no_self(
    page: int, open_okta: OpenSource, serve_org: ServeOrg
) -> None:
    okta = serve_org(Org(rows(14), PAGE_SIZE, link=SHAPES["no self anywhere"], spoilt={page: without_links}))
    assert "no Link header" in str(refused(open_okta, okta.url))


def test_a_lost_link_header_is_refused_on_a_short_page_in_the_middle(
    open_okta: OpenSource, serve_org: ServeOrg
) -> None:
    def short(response: Response) -> Response:
        return replace(without_links(response), body=orjson.dumps(orjson.loads(response.body)[:1]))

    okta = serve_org(Org(rows(14), PAGE_SIZE, spoilt={3: short}))
    assert "no Link header" in str(refused(open_okta, okta.url))


def test_a_lost_link_header_is_refused_where_okta_sends_smaller_pages_than_were_asked_for(
    open_okta: OpenSource, serve_org: ServeOrg
) -> None:
    def served_in_twos(own: str, following: str | None) -> tuple[str, ...]:
        return okta_links(own, following)[1:]

    org = Org(rows(14), 2, link=served_in_twos, spoilt={4: without_links})
    okta = serve_org(org)
    respond = org.respond
    okta.script = lambda request: respond(replace(request, query=request.query.replace("limit=3", "limit=2")))
    assert "no Link header" in str(refused(open_okta, okta.url))


def only_self(response: Response) -> Response:
    """Drop all Link headers but Okta's first."""
    kept = [pair for pair in response.headers if pair[0] == "Link"][:1]
    return response.without("Link").having(*kept)


STRIPPED: dict[str, Spoil] = {
    "every Link header": without_links,
    "all but the first Link header": only_self,
}


@pytest.mark.parametrize("count", [2, 3, 14])
@pytest.mark.parametrize("stripped", STRIPPED)
def test_a_proxy_that_always_removes_the_next_link_is_found_out(
    stripped: str, count: int, open_okta: OpenSource, serve_org: ServeOrg
) -> None:
    refused(open_okta, serve_org(Org(rows(count), PAGE_SIZE, every=STRIPPED[stripped])).url)


def test_a_single_page_that_lost_its_link_header_is_refused(open_okta: OpenSource, serve_org: ServeOrg) -> None:
    okta = serve_org(Org(rows(2), PAGE_SIZE, spoilt={1: without_links}))
    assert "came without the Link header" in str(refused(open_okta, okta.url))


def cut_to(count: int) -> Spoil:
    """Leave that many rows of a page, and no next."""
    return lambda response: replace(only_self(response), body=orjson.dumps(orjson.loads(response.body)[:count]))


@pytest.mark.parametrize("users", [13, 14])
@pytest.mark.parametrize("page", [1, 2, 3, 4])
def test_a_next_link_that_is_lost_once_is_missed_when_the_end_is_asked_for_again(
    page: int, users: int, open_okta: OpenSource, serve_org: ServeOrg
) -> None:
    okta = serve_org(Org(rows(users), PAGE_SIZE, spoilt={page: only_self}, spoilt_times=1))
    assert "another when asked again" in str(refused(open_okta, okta.url))


@pytest.mark.parametrize("page", [1, 2, 5])
def test_a_page_that_is_empty_once_and_looks_like_the_last_is_refused(
    page: int, open_okta: OpenSource, serve_org: ServeOrg
) -> None:
    okta = serve_org(Org(rows(14), PAGE_SIZE, spoilt={page: cut_to(0)}, spoilt_times=1))
    assert "another when asked again" in str(refused(open_okta, okta.url))


def test_a_page_of_one_row_that_goes_on_when_asked_again_is_refused(open_okta: OpenSource, serve_org: ServeOrg) -> None:
    okta = serve_org(Org(rows(14), PAGE_SIZE, spoilt={5: cut_to(1)}, spoilt_times=1))
    assert "was the last, and is not when asked again" in str(refused(open_okta, okta.url))


def test_an_end_that_goes_on_when_asked_for_in_parts_is_refused(open_okta: OpenSource, serve_org: ServeOrg) -> None:
    def goes_on(own: str, following: str | None) -> tuple[str, ...]:
        return okta_links(own, own.replace("after=13", "after=14") if "after=13" in own else following)

    okta = serve_org(Org(rows(14), PAGE_SIZE, link=goes_on))
    assert "was the last, and is not when asked again" in str(refused(open_okta, okta.url))


def test_links_without_the_limit_are_followed_and_confirmed(open_okta: OpenSource, serve_org: ServeOrg) -> None:
    def bare(own: str, following: str | None) -> tuple[str, ...]:
        return okta_links(own, following and following.partition("&")[0])

    okta = serve_org(Org(rows(14), PAGE_SIZE, link=bare))
    assert read_all(open_okta, okta.url) == everybody(14)
    assert okta.targets[-2:] == [f"{LISTING}?after=12&limit=1", f"{LISTING}?after=13&limit=3"]


def test_a_listing_without_end_is_refused(
    open_okta: OpenSource, serve_org: ServeOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walker, "MOST_PAGES", 4)
    okta = serve_org(Org(rows(14), PAGE_SIZE))
    assert "more than 4 pages" in str(refused(open_okta, okta.url))
    assert okta.targets[-1].startswith(f"/api/v1/apps/{APP_ID}/users?after=9")
