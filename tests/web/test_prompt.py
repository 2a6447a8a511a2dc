"""What is answered on the event loop is one user by a key, and nothing that could take long there."""

import pytest

from syncd.web.prompt import is_prompt

USER = "/scim/v2/Users/0b1c"
USERS = "/scim/v2/Users"
BY_NAME = "filter=userName%20eq%20%22ann%40example.com%22"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (USER, ""),
        (USERS, BY_NAME),
        (USERS, BY_NAME + "&startIndex=1&count=100"),
        (USERS, "filter=username+EQ+%22ann%22"),
        (USERS, 'filter=externalId%20eq%20"00u1"'),
    ],
)
def test_one_user_by_a_key_is_prompt(path: str, query: str) -> None:
    assert is_prompt({"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query})


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_nothing_else_than_a_read_is(method: str) -> None:
    assert not is_prompt({"REQUEST_METHOD": method, "PATH_INFO": USER, "QUERY_STRING": ""})


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (USERS, ""),
        (USERS, "count=100"),
        (USERS, "filter=userName%20co%20%22ann%22"),
        (USERS, "filter=title%20eq%20%22ann%22"),
        (USERS, "filter=userName%20eq%20%22a%22%20or%20title%20co%20%22b%22"),
        (USERS, "filter=userName%20eq%20%22a%5C%22"),
        (USERS, BY_NAME + "&attributes=emails[type]"),
        (USERS, BY_NAME + "&sortBy=title"),
        (USERS, BY_NAME + "&" + BY_NAME),
        (USERS, BY_NAME + "\n"),
        (USER, "attributes=emails[type]"),
        (USER + "/x", ""),
        (USERS + "/", ""),
        (USERS + "/.search", "x"),
        ("/scim/v2/Groups/0b1c", ""),
        ("/scim/v2/Groups", "filter=displayName%20eq%20%22crew%22"),
        ("/scim/v2/Me", ""),
    ],
)
def test_what_may_take_long_is_not(path: str, query: str) -> None:
    assert not is_prompt({"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query})
