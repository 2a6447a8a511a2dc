"""One ASGI request to an application, without a network: what the client sends is a script, what comes back is kept."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from syncd.web.front import Front

HOST = (b"host", b"scim.example.com")


@dataclass
class Exchange:
    """What the application sent."""

    sent: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        return bytes(self.sent[1]["body"])


def scope(method: str, path: str, query: bytes, headers: Iterable[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": list(headers),
        "scheme": "https",
        "client": ("192.0.2.1", 50_000),
    }


async def exchange(
    front: Front,
    path: str = "/",
    *chunks: bytes | None,
    method: str = "POST",
    query: bytes = b"",
    headers: Iterable[tuple[bytes, bytes]] = (HOST,),
) -> Exchange:
    """Send the chunks of a body. None as the last one is a client that leaves; without any there is no body."""
    pending = list(chunks)
    framed = any(name == b"content-length" for name, _ in headers) or not chunks
    sent_headers = [*headers, *([] if framed else [(b"transfer-encoding", b"chunked")])]
    answer = Exchange()

    async def receive() -> dict[str, Any]:
        if not pending:
            await asyncio.sleep(3600)
        chunk = pending.pop(0)
        if chunk is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": bool(pending) or chunk.endswith(b"...")}

    async def send(message: dict[str, Any]) -> None:
        answer.sent.append(message)

    await front(scope(method, path, query, sent_headers), receive, send)
    return answer
