"""What no index serves runs only in a directory that is small enough, and is refused with what would help."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from scim.conformance.examples import BADGE, RESOURCE_TYPES, USER_WITH_BADGE
from scim.core_schemas import GROUP_TYPE
from scim.errors import TooMany
from scim.exchange import Limits, ScimRequest
from scim.filter.parser import parse_filter
from scim.provider import Provider
from scim.sorting import read_sort
from scim.store import START, Query
from syncd.core.changes import Cause
from syncd.store import SqlDatabase
from syncd.workflows.accept_push import accept_push
from tests.conftest import APP, SteppingClock, opened

CAUSE = Cause("test")
SERVED = (
    *('userName eq "a"', 'userName sw "a"', 'userName gt "a"', "userName pr", 'externalId eq "a"', "externalId pr"),
    *(
        'id eq "a"',
        'displayName le "a"',
        'emails.value eq "a"',
        'emails sw "a"',
        'meta.created gt "2026-01-01T00:00:00Z"',
    ),
    *('groups.value eq "a"', 'groups[value eq "a" and type eq "direct"]', 'emails[value eq "a" and type eq "work"]'),
    *('title eq "x" and userName eq "a"', 'not (title pr) and emails.value eq "a"'),
    *('userName eq "a" or externalId eq "b"', '(title pr and id eq "a") or emails.value eq "b"'),
)
UNSERVED = {
    'title eq "a"': "title",
    "active eq true": "active",
    'userName ne "a"': "userName",
    "externalId eq null": "externalId",
    'not (userName eq "a")': "userName",
    'userName eq "a" or title eq "b"': "title",
    'title eq "a" and active eq true': "title",
    'emails[type eq "work"]': "emails",
    "emails pr": "emails",
    'emails[value eq "a" or type eq "b"]': "emails",
    'groups.display eq "a"': "groups.display",
    'name.familyName sw "a"': "name.familyName",
    'meta.lastModified gt "2026-01-01T00:00:00Z"': "meta.lastModified",
    'userName co "ab"': "userName",
    'nickName co "abc"': "nickName",
    f'{BADGE.urn}:office eq "a"': "office",
}


@pytest.fixture
def furnished(database_url: str, clock: SteppingClock) -> Iterator[SqlDatabase]:
    with opened(database_url, clock, RESOURCE_TYPES) as database:
        with database.transaction(APP, CAUSE) as unit:
            for name in ("ann", "bob"):
                unit.resources.create("User", {"userName": name})
        yield database


def find(database: SqlDatabase, text: str | None, limit: int, **more: Any) -> int:
    condition = None if text is None else parse_filter(text, USER_WITH_BADGE)
    with database.asking(APP) as unit:
        return unit.resources.find(Query("User", condition, scan_limit=limit, **more)).total


def sort(name: str) -> Any:
    return read_sort({"sortBy": name}, RESOURCE_TYPES)


@pytest.mark.parametrize("text", SERVED)
def test_what_an_index_serves_may_be_asked_of_any_directory(furnished: SqlDatabase, text: str) -> None:
    find(furnished, text, limit=0)


@pytest.mark.parametrize(("text", "named"), UNSERVED.items())
def test_what_no_index_serves_is_refused_in_a_larger_directory_and_named(
    furnished: SqlDatabase, text: str, named: str
) -> None:
    for more in ({}, {"position": START}, {"sort": sort("userName")}, {"count": 0}):
        assert find(furnished, text, limit=2, **more) >= 0
        with pytest.raises(TooMany, match=named) as refused:
            find(furnished, text, limit=1, **more)
        assert "server.limits.max_scan_rows" in refused.value.detail
        assert "2 resources" in refused.value.detail


def test_parts_of_texts_are_served_where_postgresql_has_the_index(furnished: SqlDatabase, database_url: str) -> None:
    for text in ('userName co "abc"', 'userName ew "abc"', 'displayName co "abc"', 'emails.value co "abc"'):
        if database_url.startswith("postgres"):
            assert find(furnished, text, limit=0) == 0
        else:
            with pytest.raises(TooMany, match="pg_trgm"):
                find(furnished, text, limit=0)
    with pytest.raises(TooMany):
        find(furnished, 'externalId co "abc"', limit=0)


def test_an_attribute_that_could_be_marked_says_so(furnished: SqlDatabase) -> None:
    with pytest.raises(TooMany, match="syncd:indexed"):
        find(furnished, f'{BADGE.urn}:office eq "a"', limit=1)


@pytest.mark.parametrize("name", ["userName", "id", "externalId", "displayName", "meta.created"])
def test_an_order_that_an_index_has_is_given_of_any_directory(furnished: SqlDatabase, name: str) -> None:
    assert find(furnished, None, limit=0, sort=sort(name)) == 2


def test_another_order_is_bounded_and_what_a_filter_selects_is_sorted_by_anything(furnished: SqlDatabase) -> None:
    assert find(furnished, None, limit=2, sort=sort("title")) == 2
    with pytest.raises(TooMany, match="sortBy: title"):
        find(furnished, None, limit=1, sort=sort("title"))
    assert find(furnished, 'userName sw "a"', limit=0, sort=sort("title")) == 1


def test_of_several_types_each_is_bounded_by_itself(furnished: SqlDatabase) -> None:
    group = parse_filter('externalId ne "x"', GROUP_TYPE)
    user = parse_filter('userName eq "ann"', USER_WITH_BADGE)
    with furnished.asking(APP) as unit:
        found = unit.resources.find(Query("Group", group, beside=(("User", user),), scan_limit=1))
        assert found.total == 1
        with pytest.raises(TooMany, match="type User"):
            unit.resources.find(
                Query("Group", group, beside=(("User", parse_filter("title pr", USER_WITH_BADGE)),), scan_limit=1)
            )


def test_a_client_gets_the_reason_and_the_remedy(furnished: SqlDatabase) -> None:
    provider = Provider("https://syncd.example/scim/v2", Limits(max_scan_rows=1))
    request = ScimRequest("GET", "/Users", {"filter": 'title eq "Guide"'})
    answer = accept_push(furnished, APP, CAUSE, request, provider)
    body = orjson.loads(answer.body)
    assert (answer.status, body["scimType"]) == (400, "tooMany")
    assert "title" in body["detail"]
    assert "Guide" not in body["detail"]
