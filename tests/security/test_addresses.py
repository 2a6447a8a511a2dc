"""Locations are made of the configured public address, whatever a client calls the server."""

import json
import socket
from typing import Any

import pytest

from tests.security.conftest import PUBLIC_URL, Serve
from tests.web.serving import read_all

EVIL = "evil.example.net"
HEADS: dict[str, str] = {
    "Host": f"Host: {EVIL}",
    "Host with a port": f"Host: {EVIL}:8443",
    "X-Forwarded-Host": f"Host: localhost\r\nX-Forwarded-Host: {EVIL}",
    "X-Forwarded-Proto": "Host: localhost\r\nX-Forwarded-Proto: gopher\r\nX-Forwarded-Scheme: gopher",
    "X-Forwarded-Port": "Host: localhost\r\nX-Forwarded-Port: 6666",
    "X-Forwarded-Prefix": f"Host: localhost\r\nX-Forwarded-Prefix: /{EVIL}",
    "X-Forwarded-Server": f"Host: localhost\r\nX-Forwarded-Server: {EVIL}",
    "X-Original-URL": f"Host: localhost\r\nX-Original-URL: /{EVIL}\r\nX-Rewrite-URL: /{EVIL}",
    "Forwarded": f"Host: localhost\r\nForwarded: for=127.0.0.1;host={EVIL};proto=gopher",
    "SCRIPT_NAME": f"Host: localhost\r\nSCRIPT_NAME: /{EVIL}\r\nScript-Name: /{EVIL}",
}


def asked(endpoint: str, token: str, head: str, method: str, path: str, body: Any = None) -> tuple[str, Any]:
    """Send a request with these head lines on a connection of its own; return the head of the answer and its JSON."""
    host, _, port = endpoint.split("/")[2].partition(":")
    raw = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", head, f"Authorization: Bearer {token}", "Connection: close"]
    lines += ["Content-Type: application/scim+json", f"Content-Length: {len(raw)}", "", ""]
    with socket.create_connection((host, int(port)), 30) as channel:
        channel.sendall("\r\n".join(lines).encode() + raw)
        told, _, content = read_all(channel).partition(b"\r\n\r\n")
    return told.decode(), json.loads(content)


def addresses(value: Any) -> list[str]:
    """Return every text in JSON that is an address below something."""
    if isinstance(value, dict):
        return [one for part in value.values() for one in addresses(part)]
    if isinstance(value, list):
        return [one for part in value for one in addresses(part)]
    return [value] if isinstance(value, str) and "://" in value else []


def test_no_header_moves_an_address(serve: Serve) -> None:
    (endpoint,), token = serve(1)
    base = f"{PUBLIC_URL}/scim/v2"
    for number, (name, head) in enumerate(HEADS.items()):
        told, user = asked(endpoint, token, head, "POST", "/scim/v2/Users", {"userName": f"ann-{number}"})
        location = f"{base}/Users/{user['id']}"
        assert f"location: {location}" in told.replace("Location", "location"), name
        members = {"displayName": f"guides-{number}", "members": [{"value": user["id"]}]}
        answers = [user, asked(endpoint, token, head, "POST", "/scim/v2/Groups", members)[1]]
        paths = (f"/Users/{user['id']}", "/Users", "/Groups", "/Schemas", "/ResourceTypes", "/ServiceProviderConfig")
        answers += [asked(endpoint, token, head, "GET", f"/scim/v2{path}")[1] for path in paths]
        found = [one for answer in answers for one in addresses(answer)]
        assert location in found, name
        foreign = {one for one in found if not one.startswith(f"{base}/")}
        assert not {one for one in foreign if "rfc-editor.org" not in one and "developer.okta.com" not in one}, name


@pytest.mark.parametrize(
    "target", ["http://{evil}/scim/v2/Users", "//{evil}/scim/v2/Users", "https://{evil}:1/scim/v2/Users"]
)
def test_no_address_in_the_request_line_moves_an_address(serve: Serve, target: str) -> None:
    (endpoint,), token = serve(1)
    told, answer = asked(endpoint, token, "Host: localhost", "POST", target.format(evil=EVIL), {"userName": "ann"})
    assert EVIL not in told
    assert EVIL not in json.dumps(answer)
