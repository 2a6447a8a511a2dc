"""What no database may see: the same refusal for the same text, whatever is behind it and wherever it stands."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from urllib.parse import quote

import pytest
import requests

from scim.exchange import MEDIA_TYPE
from tests.security.conftest import Serve
from tests.security.stack import Client

SYNTAX, VALUE = "invalidSyntax", "invalidValue"

# JSON text that stands for a value -> the scimType that its refusal has.
VALUES: dict[str, tuple[bytes, str]] = {
    "50,000 brackets": (b"[" * 50_000 + b"]" * 50_000, SYNTAX),
    "50,000 braces": (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, SYNTAX),
    "brackets that never close": (b"[" * 50_000, SYNTAX),
    "NUL": (rb'"a\u0000b"', VALUE),
    "a raw NUL": (b'"a\x00b"', SYNTAX),
    "a high surrogate": (rb'"a\ud800"', SYNTAX),
    "a low surrogate": (rb'"\udc00a"', SYNTAX),
    "surrogates in the wrong order": (rb'"\udc00\ud800"', SYNTAX),
    "a surrogate in UTF-8": (b'"\xed\xa0\x80"', SYNTAX),
    "overlong UTF-8": (b'"\xc0\xaf"', SYNTAX),
    "half a character": (b'"\xe2\x82"', SYNTAX),
    "a list": (b'["ann"]', VALUE),
    "an object": (b'{"a": "ann"}', VALUE),
    "a number": (b"123", VALUE),
    "a boolean": (b"true", VALUE),
    "5,000 characters": (b'"' + b"x" * 5000 + b'"', VALUE),
    "1,025 characters of two bytes": (json.dumps("é" * 1025, ensure_ascii=False).encode(), VALUE),
    "NaN": (b"NaN", SYNTAX),
    "Infinity": (b"-Infinity", SYNTAX),
    "a number without a size": (b"1e999", SYNTAX),
    "a 5,000-digit integer": (b"9" * 5000, SYNTAX),
    "a right-to-left override": (json.dumps("nn\u202ea").encode(), VALUE),
    "an isolate": (json.dumps("a\u2066nn").encode(), VALUE),
    "a line separator": (json.dumps("a\u2028nn").encode(), VALUE),
    "a line break": (rb'"ann\r\nroot"', VALUE),
    "a raw line break": (b'"ann\nroot"', SYNTAX),
    "an escape sequence of a terminal": (rb'"\u001b[2Jann"', VALUE),
    "DEL": (b'"ann\x7f"', VALUE),
    "a control character above ASCII": (json.dumps("a\u0085nn").encode(), VALUE),
    "nothing": (b"", SYNTAX),
    "an unknown word": (b"undefined", SYNTAX),
    "single quotes": (b"'ann'", SYNTAX),
    "a bad escape": (rb'"\x41"', SYNTAX),
}


@dataclass(frozen=True)
class Place:
    """Where a value stands: a request on somebody, whose body has a hole."""

    method: str
    endpoint: str
    body: bytes

    def filled(self, value: bytes) -> bytes:
        return self.body.replace(b"HOLE", value)


PLACES = {
    "POST /Users": Place("POST", "/Users", b'{"userName": HOLE}'),
    "PUT /Users": Place("PUT", "/Users/{user}", b'{"userName": HOLE}'),
    "POST /Groups": Place("POST", "/Groups", b'{"displayName": HOLE}'),
    "PUT /Groups": Place("PUT", "/Groups/{group}", b'{"displayName": HOLE}'),
    "PATCH with a path": Place(
        "PATCH", "/Users/{user}", b'{"Operations": [{"op": "replace", "path": "userName", "value": HOLE}]}'
    ),
    "PATCH without a path": Place(
        "PATCH", "/Users/{user}", b'{"Operations": [{"op": "add", "value": {"userName": HOLE}}]}'
    ),
    "PATCH of a group": Place(
        "PATCH", "/Groups/{group}", b'{"Operations": [{"op": "replace", "path": "displayName", "value": HOLE}]}'
    ),
    "PATCH of members": Place(
        "PATCH", "/Groups/{group}", b'{"Operations": [{"op": "add", "path": "members", "value": [{"value": HOLE}]}]}'
    ),
}

# Whole bodies that are no JSON object in UTF-8, with whatever method they are sent.
BODIES: dict[str, bytes] = {
    "a list": b'[{"userName": "ann"}]',
    "a text": b'"userName"',
    "a number": b"1",
    "null": b"null",
    "nothing": b"",
    "a space": b" ",
    "UTF-16": '{"userName": "zoe"}'.encode("utf-16"),
    "UTF-16 without a mark": '{"userName": "zoe"}'.encode("utf-16-le"),
    "UTF-32": '{"userName": "zoe"}'.encode("utf-32"),
    "UTF-8 with a mark": b'\xef\xbb\xbf{"userName": "zoe"}',
    "Latin-1": '{"userName": "zo\u00e9"}'.encode("latin-1"),
    "a key twice": b'{"userName": "zoe", "userName": "root"}',
    "a key twice, once escaped": rb'{"userName": "zoe", "user\u004eame": "root"}',
    "a key twice, further below": b'{"userName": "zoe", "name": {"givenName": "a", "givenName": "b"}}',
    "half an object": b'{"userName": "zoe"',
    "something behind the object": b'{"userName": "zoe"} {"userName": "root"}',
    "a comment": b'{"userName": "zoe" /* root */}',
    "a comma too many": b'{"userName": "zoe",}',
    "50,000 brackets": b"[" * 50_000,
    "a form": b"userName=zoe",
    "XML": b"<User><userName>zoe</userName></User>",
}

# Text that is no UTF-8 is no filter yet.
RAW_FILTERS = {
    "a surrogate in UTF-8": b'userName eq "\xed\xa0\x80"',
    "bytes that are no UTF-8": b'userName eq "\xff\xfe"',
    "half a character": b'userName eq "\xe2\x82"',
    "Latin-1": 'userName eq "zo\u00e9"'.encode("latin-1"),
}
FILTERS: dict[str, tuple[bytes, int]] = {
    "NUL": (rb'userName eq "a\u0000"', 400),
    "a raw NUL": (b'userName eq "a\x00"', 400),
    "a NUL in a name": (b"user\x00Name pr", 400),
    "a surrogate": (rb'userName eq "\ud800"', 400),
    "5,000 characters": (b'userName eq "' + b"x" * 5000 + b'"', 400),
    "5,000 brackets": (b"(" * 2000 + b"userName pr" + b")" * 2000, 400),
    "5,000 negations": (b"not (" * 700 + b"userName pr" + b")" * 700, 400),
    "51 terms": (b" or ".join([b"title pr"] * 51), 400),
    "NaN": (b"userName eq NaN", 400),
    "a number for a text": (b"userName eq 123", 400),
    "a 3,500-digit integer": (b"userName eq " + b"9" * 3500, 400),
    "a text for a boolean": (b'active eq "maybe"', 400),
    "nothing": (b"", 400),
    "a right-to-left override": ('userName eq "\u202e"'.encode(), 200),
    "a line break": (rb'userName eq "\r\n"', 200),
    "what looks like ann": ('userName eq "\u0430nn"'.encode(), 200),
}

IDS: dict[str, bytes] = {
    "NUL": b"a\x00b",
    "a surrogate": b"\xed\xa0\x80",
    "bytes that are no UTF-8": b"\xff\xfe",
    "5,000 characters": b"x" * 5000,
    "5,000 brackets": b"[" * 5000,
    "a 5,000-digit integer": b"9" * 5000,
    "a line break": b"a\r\nb",
    "a right-to-left override": "\u202e".encode(),
    "a quotation mark": b"\"'",
    "a percent sign": b"%",
}
METHODS = ["GET", "PUT", "PATCH", "DELETE"]
WHOLE: dict[str, bytes] = {
    "PUT": b'{"userName": "x", "displayName": "x"}',
    "PATCH": b'{"Operations": [{"op": "replace", "path": "displayName", "value": "x"}]}',
}

Send = Callable[[str, str, bytes], tuple[int, str | None]]
"""Sends method, percent-encoded target below the endpoint, and body; returns status and scimType."""


@pytest.fixture
def people(client: Client) -> dict[str, str]:
    user = client.user("ann")
    return {"user": user, "group": client.group("guides", user)}


@pytest.fixture
def send(client: Client) -> Send:
    def in_process(method: str, target: str, body: bytes) -> tuple[int, str | None]:
        path, _, query = target.partition("?")
        headers = {"Authorization": f"Bearer {client.token}", "Content-Type": MEDIA_TYPE}
        answer = client.ask(method, f"/scim/v2{path}", body, headers, query)
        return answer.status, answer.body and answer.body.get("scimType")

    return in_process


Answered = tuple[int, str | None]


def everything(people: dict[str, str]) -> Iterator[tuple[str, tuple[str, str, bytes], Answered]]:
    """Yield what is hostile, the request that carries it, and the answer that is due."""
    for (name, place), (what, (value, scim_type)) in product(PLACES.items(), VALUES.items()):
        if (name, what) != ("PATCH of members", "a list"):  # A list of ids is a way to name members.
            request = (place.method, place.endpoint.format(**people), place.filled(value))
            yield f"{name} with {what}", request, (400, scim_type)
    for (name, place), (what, body) in product(PLACES.items(), BODIES.items()):
        yield f"{name} with {what} as body", (place.method, place.endpoint.format(**people), body), (400, SYNTAX)
    for what, (text, status) in FILTERS.items():
        due = (status, "invalidFilter" if status == 400 else None)
        yield f"filter with {what}", ("GET", f"/Users?filter={quote(text)}", b""), due
    for what, text in RAW_FILTERS.items():
        yield f"filter with {what}", ("GET", f"/Users?filter={quote(text)}", b""), (400, VALUE)
    for (what, text), endpoint, method in product(IDS.items(), ("/Users", "/Groups"), METHODS):
        target = f"{endpoint}/{quote(text, safe='')}"
        yield f"{method} {endpoint} with {what} as id", (method, target, WHOLE.get(method, b"")), (404, None)


def sweep(send: Send, people: dict[str, str], longest: int = 100_000) -> list[str]:
    """Send everything everywhere, and return what was not answered as it should be.

    A target longer than the `longest` is refused as that.
    """
    answers = (
        (name, send(*request), due if len(request[1]) < longest else (414, None))
        for name, request, due in everything(people)
    )
    return [f"{name}: {got}" for name, got, due in answers if got != due]


def test_hostile_text_is_refused_alike_on_every_database(client: Client, send: Send, people: dict[str, str]) -> None:
    before = client.get("/Users"), client.get("/Groups")
    wrong = sweep(send, people)
    assert not wrong, "\n".join(wrong)
    assert (client.get("/Users"), client.get("/Groups")) == before


def test_hostile_text_is_refused_by_the_server_as_by_the_application(serve: Serve) -> None:
    (endpoint,), token = serve(1)
    session = requests.Session()
    session.headers.update({"Authorization": f"Bearer {token}", "Content-Type": MEDIA_TYPE})

    def over_http(method: str, target: str, body: bytes) -> tuple[int, str | None]:
        answer = session.request(method, endpoint + target, data=body, timeout=30)
        assert answer.headers["Content-Type"] == MEDIA_TYPE or answer.ok
        return answer.status_code, answer.json().get("scimType") if answer.content else None

    user = session.post(f"{endpoint}/Users", json={"userName": "ann"}, timeout=30).json()["id"]
    group = session.post(f"{endpoint}/Groups", json={"displayName": "guides"}, timeout=30).json()["id"]
    wrong = sweep(over_http, {"user": user, "group": group}, longest=4000)
    assert not wrong, "\n".join(wrong)
    assert session.get(f"{endpoint}/Users", timeout=30).json()["totalResults"] == 1
