"""Nothing is answered without a token but what is meant to be, however its path is written."""

import http.client
import json
import socket
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from scim.service.routes import paths
from scim.urns import ERROR
from syncd.cli import main
from syncd.web.app import PUBLIC, SCIM_PATH, create_app
from tests.security.conftest import Serve
from tests.security.stack import PROVIDER
from tests.web.serving import status_of
from tests.web.test_app import client as application_client
from tests.web.test_tokens import Noon, tokens

ENDPOINTS = sorted(path.replace("{id}", "2819c223-7f76-453a-919d-413861904646") for path in paths(PROVIDER))
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY")


def disguises(path: str) -> list[str]:
    """Return ways to write a path that something along the way may read as another one."""
    first = path[:1] + f"%{ord(path[1]):02x}" + path[2:]
    return [
        path,
        f"{path}/",
        path.replace("/", "//"),
        path.replace("/", "/./"),
        path.replace("/", "%2F"),
        path.replace("/", "%2f", 2).replace("%2f", "/", 1),
        first,
        path.upper(),
        path.title(),
        f"{path};x=1",
        f"{path}%00",
        f"{path}%20",
        f"{path}.json",
        f"/readyz/..{path}",
        f"/readyz/%2e%2e{path}",
        f"/readyz;{path}",
        f"{path}/../../../readyz",
        f"{path}?/readyz",
        f"{path}?x=/healthz",
        f"{path}#/healthz",
        f"{path}/healthz",
        f"{path}/readyz",
        f"/healthz{path}",
        f"/healthz/..{path}",
        f"\\{path}",
    ]


def ask(address: str, method: str, target: str) -> tuple[int, bytes]:
    """Send a request line as it is, without a token."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
    connection.putrequest(method, target, skip_accept_encoding=True)
    connection.endheaders()
    with connection.getresponse() as response:
        answer = response.status, response.read()
    connection.close()
    return answer


def test_cve_2026_32130_zitadel_and_cve_2026_31816_budibase_no_disguise_of_a_path_gets_in_without_a_token(
    serve: Serve,
) -> None:
    (endpoint,), _ = serve(1)
    for path in ENDPOINTS:
        for target in disguises(f"{SCIM_PATH}{path}"):
            status, body = ask(endpoint, "GET", target)
            assert status in {400, 401, 404}, (target, status)
            assert json.loads(body)["schemas"] == [ERROR], target
    for method in METHODS:
        assert ask(endpoint, method, f"{SCIM_PATH}/Users")[0] in {401, 501}, method


def test_cve_2026_31816_budibase_what_is_public_is_a_table_and_the_rest_is_one_door() -> None:
    app = create_app(tokens(), Noon(), lambda *_: pytest.fail("was asked"), PROVIDER.limits, lambda: None)
    assert {rule.rule for rule in app.url_map.iter_rules()} == set(PUBLIC)
    assert app.test_client().get(SCIM_PATH).status_code == 401


@pytest.mark.parametrize("path", ["/readyz/x", "/readyz.json", "/Readyz", "/healthz/", "/healthz.txt", "//readyz"])
def test_cve_2026_31816_budibase_what_looks_like_a_public_path_is_none(path: str) -> None:
    assert application_client().get(path).status_code in {401, 404}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ENDPOINTS)
def test_cve_2025_4210_casdoor_every_endpoint_needs_a_token(path: str, method: str) -> None:
    answer = application_client().open(f"{SCIM_PATH}{path}", method=method)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


WRONG = {
    "no scheme": ("Authorization: {token}",),
    "a scheme alone": ("Authorization: Bearer",),
    "an empty token": ("Authorization: Bearer ",),
    "a tab": ("Authorization: bearer\t{token}",),
    "two tokens": ("Authorization: Bearer {token} {token}",),
    "two headers": ("Authorization: Bearer {token}", "Authorization: Bearer {token}"),
    "beyond ASCII": ("Authorization: Bearer t\u00f6ken",),
    "null": ("Authorization: Bearer null",),
    "undefined": ("Authorization: Bearer undefined",),
    "basic": ("Authorization: Basic Og==",),
    "another header": ("X-Authorization: Bearer {token}",),
    "a header with underscores": ("HTTP_AUTHORIZATION: Bearer {token}",),
    "a cookie": ("Cookie: Authorization=Bearer {token}",),
}


def test_tooljet_16217_an_empty_a_doubled_or_an_odd_token_gets_nobody_in(serve: Serve) -> None:
    (endpoint,), token = serve(1)
    parts = urlsplit(endpoint)
    for name, headers in WRONG.items():
        lines = "".join(f"{header.format(token=token)}\r\n" for header in headers)
        assert raw_status(parts.port or 0, lines.encode("latin-1")) == 401, name
    assert raw_status(parts.port or 0, b"Authorization: Bearer " + b"a" * 1_000_000 + b"\r\n") in {400, 401, 431}
    assert raw_status(parts.port or 0, f"Authorization: Bearer {token}\r\n".encode()) == 200


def raw_status(port: int, headers: bytes) -> int:

    with socket.create_connection(("127.0.0.1", port), 10) as channel:
        request = b"GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + b"\r\n"
        with suppress(OSError):
            channel.sendall(request)
        return status_of(channel.recv(65_536))


@pytest.mark.parametrize("token", ["", " ", "\t", "a b", "t\u00f6ken"])
def test_tooljet_16217_a_server_does_not_start_with_a_token_that_is_none(token: str, tmp_path: Path) -> None:
    assert main(["serve", "--ephemeral", "--token", token]) == 64
    assert main(["serve", "--ephemeral"]) == 64
