"""An HTTP answer as a value, and the errors that arise before or beside the SCIM blueprint in its shape."""

from dataclasses import dataclass

import orjson

from scim.exchange import MEDIA_TYPE
from scim.urns import ERROR


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the client. `body` is complete; headers are as WSGI gives them."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def error_answer(status: int, detail: str, *headers: tuple[str, str]) -> Answer:
    """Return an error as RFC 7644 section 3.12 has it. `detail` is for the client's administrator; nothing secret."""
    body = orjson.dumps({"schemas": [ERROR], "status": str(status), "detail": detail})
    return Answer(status, body, (("Content-Type", MEDIA_TYPE), *headers))
