"""What goes in and what comes out: one HTTP exchange as two values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

MEDIA_TYPE = "application/scim+json"


@dataclass(frozen=True, slots=True)
class ScimRequest:
    """A request, already authenticated.

    `path` is the decoded path below the base URL and starts with a slash ("/Users/2819c223"). `query` holds the first
    value of each parameter. `body` is the raw body; `content_type` the header without parameters, lower case, or None.
    `if_match` and `if_none_match` are the headers of those names. `scopes` are those of the token, None for all;
    `me` is the id of the user that the token is bound to, if it is.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str | None = None
    if_match: str | None = None
    if_none_match: str | None = None
    scopes: frozenset[str] | None = None
    me: str | None = None


@dataclass(frozen=True, slots=True)
class ScimResponse:
    """A response: `body` is encoded JSON, or empty where the status allows none. The media type is always ours."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may cost. Every figure has a default that is safe on a small machine."""

    body_bytes: int = 1_048_576
    body_depth: int = 16
    filter_bytes: int = 4096
    filter_depth: int = 32
    filter_terms: int = 50
    page_default: int = 100
    page_maximum: int = 1000
    patch_operations: int = 1000
    bulk_operations: int = 1000
    members_in_answer: int = 100
    max_scan_rows: int = 100_000
