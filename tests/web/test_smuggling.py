"""Requests that two servers in a row could read differently are refused, and proxies are not impersonated."""

from collections.abc import Iterator

import pytest

from tests.web.serving import Served, serving, status_of

HEAD = b"POST /echo HTTP/1.1\r\nHost: x\r\n"
SMUGGLED = b"0\r\n\r\nGET /pid HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving({"silence": 1, "bounds": {"body_deadline": 1.0}}) as server:
        yield server


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(
            HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + SMUGGLED, id="length and chunked"
        ),
        pytest.param(
            HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + SMUGGLED, id="chunked and length"
        ),
        pytest.param(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", id="two lengths"),
        pytest.param(HEAD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na", id="the same length twice"),
        pytest.param(HEAD + b"Content-Length: 1, 1\r\n\r\na", id="two lengths in one"),
        pytest.param(HEAD + b"Content-Length: -1\r\n\r\n", id="negative length"),
        pytest.param(HEAD + b"Content-Length: +1\r\n\r\na", id="signed length"),
        pytest.param(HEAD + b"Content-Length: 0x1\r\n\r\na", id="hexadecimal length"),
        pytest.param(HEAD + b"Content-Length: \r\n\r\n", id="empty length"),
        pytest.param(HEAD + b"Transfer-Encoding: xchunked\r\n\r\n" + SMUGGLED, id="unknown coding"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n" + SMUGGLED, id="chunked not last"),
        pytest.param(HEAD + b"Transfer-Encoding : chunked\r\n\r\n" + SMUGGLED, id="space before colon"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n", id="chunk size no number"),
        pytest.param(b"POST /echo HTTP/1.1\nHost: x\nContent-Length: 0\n\n", id="bare line feeds"),
        pytest.param(HEAD + b"X-A: b\r\n c\r\n\r\n", id="folded header"),
        pytest.param(b"GET /echo HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", id="two hosts"),
        pytest.param(b"GET /echo HTTP/1.1\r\n\r\n", id="no host"),
        pytest.param(b"GET /echo HTTP/1.1\r\nHost:\r\n\r\n", id="empty host"),
        pytest.param(HEAD + b"X\x00: a\r\n\r\n", id="null in a name"),
        pytest.param(HEAD + b"X-A: a\x00b\r\n\r\n", id="null in a value"),
        pytest.param(b"GET /echo HTTP/3.0\r\nHost: x\r\n\r\n", id="unknown version"),
        pytest.param(b"GE(T /echo HTTP/1.1\r\nHost: x\r\n\r\n", id="no method"),
        pytest.param(HEAD + b"".join(b"X-%d: a\r\n" % i for i in range(100)) + b"\r\n", id="too many headers"),
        pytest.param(HEAD + b"X-A: " + b"a" * 20_000 + b"\r\n\r\n", id="header too long"),
        pytest.param(b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", id="line too long"),
    ],
)
def test_cve_2024_1135_and_cve_2024_6827_gunicorn_a_request_that_can_be_read_in_two_ways_is_refused_with_its_tail(
    served: Served, request_: bytes
) -> None:
    raw = served.ask(request_)
    assert status_of(raw) in {400, 414, 431, 501}
    assert raw.count(b"HTTP/1.1 ") == 1
    assert b"application/scim+json" in raw


@pytest.mark.parametrize("name", [b"SCRIPT_NAME", b"SCRIPT-NAME", b"PATH_INFO", b"REMOTE_USER", b"X-Forwarded-Prefix"])
def test_a_header_does_not_change_which_path_is_asked_for(served: Served, name: bytes) -> None:
    raw = served.ask(b"GET /nope/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + name + b": /nope\r\n\r\n")
    assert status_of(raw) == 404


def test_a_target_with_another_host_is_no_path_of_ours(served: Served) -> None:
    raw = served.ask(b"GET http://elsewhere.example/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert status_of(raw) == 404
    assert b"elsewhere" not in raw


def test_a_pipelined_request_is_answered_in_turn(served: Served) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
    raw = served.ask(one + b"\r\n" + one + b"Connection: close\r\n\r\n")
    assert raw.count(b"HTTP/1.1 200") == 2
