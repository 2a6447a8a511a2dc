"""A SCIM server of two dictionaries that keeps every request as it came in. It judges nothing; the tests do."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import orjson

TOKEN = "rehearsal-token"
BASE = "/scim/v2"
LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"

Json = dict[str, Any]


@dataclass(frozen=True)
class Recorded:
    """One request: `target` is raw, `headers` in order and in the case they came in."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def line(self) -> tuple[str, str]:
        """Method and target below the base URL."""
        return self.method, self.target.removeprefix(BASE)


@dataclass(frozen=True)
class Scripted:
    """An answer that the next writing request gets instead of the true one; nothing is stored then."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class ScimRecorder:
    """The state: resources by endpoint and id, what was asked, and what to answer next."""

    url: str = ""
    resources: dict[str, dict[str, Json]] = field(default_factory=lambda: {"Users": {}, "Groups": {}})
    requests: list[Recorded] = field(default_factory=list)
    script: list[Scripted] = field(default_factory=list)
    search_answer: Scripted | None = None

    @property
    def users(self) -> dict[str, Json]:
        return self.resources["Users"]

    @property
    def groups(self) -> dict[str, Json]:
        return self.resources["Groups"]

    def lines(self) -> list[tuple[str, str]]:
        return [request.line for request in self.requests]

    def take(self) -> list[Recorded]:
        """Return what was asked since the last time."""
        taken, self.requests = self.requests, []
        return taken

    def add_user(self, scim_id: str, user_name: str, **attributes: Any) -> None:
        self.users[scim_id] = {"id": scim_id, "userName": user_name, "active": True, **attributes}

    def respond(self, request: Recorded) -> Scripted:
        if request.method != "GET" and self.script:
            return self.script.pop(0)
        if self.search_answer is not None and "filter=" in request.target:
            return self.search_answer
        endpoint, _, scim_id = urlsplit(request.target).path.removeprefix(f"{BASE}/").partition("/")
        table = self.resources[endpoint]
        if scim_id and scim_id not in table:
            return _answer(404, {"schemas": [ERROR], "detail": f"no {scim_id}", "status": "404"})
        return _METHODS[request.method](table, scim_id, request)


def _answer(status: int, document: Any) -> Scripted:
    return Scripted(status, orjson.dumps(document), {"Content-Type": "application/scim+json"})


def _get(table: dict[str, Json], scim_id: str, request: Recorded) -> Scripted:
    if scim_id:
        return _answer(200, table[scim_id])
    query = parse_qs(urlsplit(request.target).query)
    condition = re.fullmatch(r'(\w+) eq "(.*)"', query.get("filter", [""])[0])
    found = [
        row for row in table.values() if condition is None or str(row.get(condition[1])).lower() == condition[2].lower()
    ]
    start = int(query.get("startIndex", ["1"])[0])
    page = found[start - 1 : start - 1 + int(query.get("count", ["100"])[0])]
    return _answer(
        200,
        {
            "schemas": [LIST_RESPONSE],
            "totalResults": len(found),
            "startIndex": start,
            "itemsPerPage": len(page),
            "Resources": page,
        },
    )


def _post(table: dict[str, Json], _scim_id: str, request: Recorded) -> Scripted:
    scim_id = f"{request.line[1].strip('/').lower()}-{len(table) + 1}"
    document = {key: value for key, value in request.json.items() if key != "password"}
    table[scim_id] = {**document, "id": scim_id, "meta": {"resourceType": "User", "created": "2026-11-23T00:00:00Z"}}
    return _answer(201, table[scim_id])


def _put(table: dict[str, Json], scim_id: str, request: Recorded) -> Scripted:
    table[scim_id] = {**request.json, "id": scim_id}
    return _answer(200, table[scim_id])


def _patch(table: dict[str, Json], scim_id: str, request: Recorded) -> Scripted:
    row = table[scim_id]
    for operation in request.json["Operations"]:
        path = operation.get("path", "")
        if not path:
            row.update({key: value for key, value in operation["value"].items() if key != "password"})
        elif operation["op"] == "remove":
            gone = path.removeprefix('members[value eq "').removesuffix('"]')
            row["members"] = [member for member in row["members"] if member["value"] != gone]
        else:
            row["members"] = operation["value"] + (row["members"] if operation["op"] == "add" else [])
    return _answer(200, row)


def _delete(table: dict[str, Json], scim_id: str, _request: Recorded) -> Scripted:
    del table[scim_id]
    return Scripted(204)


_METHODS: dict[str, Callable[[dict[str, Json], str, Recorded], Scripted]] = {
    "GET": _get,
    "POST": _post,
    "PUT": _put,
    "PATCH": _patch,
    "DELETE": _delete,
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave in one packet, else each answer waits for a delayed acknowledgement
    recorder: ClassVar[ScimRecorder]

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        request = Recorded(self.command, self.path, tuple(self.headers.items()), body)
        self.recorder.requests.append(request)
        answer = self.recorder.respond(request)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815 - the names the base class calls

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's signature
        pass


def listen(recorder: ScimRecorder) -> tuple[ThreadingHTTPServer, Thread]:
    """Serve the recorder on a free port and set its URL; the caller shuts the server down and joins the thread."""
    handler = type("Handler", (_Handler,), {"recorder": recorder})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    recorder.url = f"http://127.0.0.1:{server.server_port}{BASE}"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    return server, thread
