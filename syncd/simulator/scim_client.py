"""Okta's SCIM client on the wire: its headers, its patience, and what it makes of an answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

import orjson
import requests
from requests.structures import CaseInsensitiveDict

Json = dict[str, Any]

HEADERS: Final = {
    "Accept": "application/scim+json",
    "Accept-Charset": "utf-8",
    "Accept-Encoding": "gzip,deflate",
    "User-Agent": "Okta SCIM Client 1.0.0",
}
BODY_TYPE: Final = "application/scim+json; charset=utf-8"
PATIENCE_SECONDS: Final = 60.0


class PushFailedError(Exception):
    """A push that Okta gives up. The text is what its administrator reads in the task."""


@dataclass(frozen=True, slots=True)
class ScimAnswer:
    """An answer of the SCIM server. Header names are in lower case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> Json:
        """Return the body as a JSON object; an empty body is an empty object. Raises `PushFailedError`."""
        if not self.body.strip():
            return {}
        try:
            document = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            beginning = self.body[:40].decode(errors="replace")
            raise PushFailedError(f"Invalid JSON: Unrecognized token: {beginning}") from None
        if not isinstance(document, dict):
            raise PushFailedError(f"Invalid JSON: an object was expected, not a {type(document).__name__}")
        return document


Send = Callable[[str, str, Json | None], ScimAnswer]
"""Sends method, path below the base URL and JSON body. Raises `PushFailedError` when there is no answer."""


class ScimClient:
    """A connection to one SCIM server. For one thread at a time; a context manager."""

    def __init__(self, base_url: str, token: str, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._base_url = base_url.rstrip("/")
        self._patience = patience_seconds
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the machine is not for a loopback rehearsal
        self._session.headers = CaseInsensitiveDict({**HEADERS, "Authorization": f"Bearer {token}"})

    def send(self, method: str, path: str, body: Json | None = None) -> ScimAnswer:
        """Send one request and return the answer, of any status. See `Send`."""
        try:
            answer = self._session.request(
                method,
                self._base_url + path,
                data=None if body is None else orjson.dumps(body),
                headers=None if body is None else {"Content-Type": BODY_TYPE},
                timeout=self._patience,
                allow_redirects=False,
            )
        except requests.RequestException as problem:
            raise PushFailedError(f"No answer from the remote server: {type(problem).__name__}") from problem
        return ScimAnswer(answer.status_code, answer.content, {k.lower(): v for k, v in answer.headers.items()})

    def close(self) -> None:
        """Give the connection back."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
