"""How to reach one Okta application."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
SCOPES: Final = ("okta.apps.read", "okta.users.read")
GROUP_SCOPES: Final = (*SCOPES, "okta.groups.read")
_APP_ID: Final = re.compile(r"[A-Za-z0-9_-]+")
LARGEST_PAGE: Final = 500  # GET /api/v1/apps/{appId}/users refuses more


@dataclass(frozen=True, slots=True)
class OktaSettings:
    """Where the application is, and with what it may be read.

    Either `api_token` is set, or `client_id` and `private_key` (an RSA key as PEM or JWK text) with `key_id` where Okta
    holds several keys. `org_url` loses a trailing slash. `request_timeout` is how long one answer may take, in seconds.
    A rate limit is waited for at most `max_wait_each` seconds at a time, and refused requests cost at most
    `max_wait_total` seconds of waiting over the life of a source. `proxy` is an http URL; the environment's proxies are
    not used, because the SDK would ignore NO_PROXY.

    Raises ValueError naming every setting that cannot be right, and what to write instead.
    """

    org_url: str
    okta_app_id: str
    api_token: str | None = field(default=None, repr=False)
    client_id: str | None = None
    private_key: str | None = field(default=None, repr=False)
    key_id: str | None = None
    scopes: tuple[str, ...] = SCOPES
    dpop: bool = False
    request_timeout: float = 60.0
    page_limit: int = LARGEST_PAGE
    max_wait_each: float = 75.0
    max_wait_total: float = 900.0
    expected_label: str | None = None
    proxy: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        problems = [*org_url_problems(self.org_url), *_credential_problems(self), *_other_problems(self)]
        if problems:
            raise ValueError("; ".join(problems))
        parts = urlsplit(self.org_url)
        object.__setattr__(self, "org_url", f"{parts.scheme}://{parts.netloc.lower()}")

    @property
    def listing_path(self) -> str:
        """The path of the application's user listing."""
        return f"/api/v1/apps/{self.okta_app_id}/users"


def org_url_problems(text: str) -> tuple[str, ...]:
    """Return what is wrong with the address of an org, each with what to write instead; empty when nothing is.

    An access token would travel in clear text over http, so that is for this machine alone.
    """
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return (f"org_url {text!r} is not a URL: write https://acme.okta.com",)
    if not host or "{" in host:
        return (f"org_url {text!r} names no host: write https://acme.okta.com",)
    if host.split(".")[0].endswith("-admin"):
        return (f"org_url {text!r} is the admin console: write https://{host.replace('-admin.', '.', 1)}",)
    return tuple(_shape_problems(text, parts, host))


def _shape_problems(text: str, parts: SplitResult, host: str) -> list[str]:
    problems = []
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        problems.append(f"org_url {text!r} is not https: write https://{host}")
    if parts.username is not None or parts.path not in {"", "/"} or parts.query or parts.fragment:
        problems.append(f"org_url has more than scheme, host and port: write {parts.scheme}://{host}")
    return problems


def _credential_problems(settings: OktaSettings) -> list[str]:
    if settings.api_token and (settings.client_id or settings.private_key):
        return ["api_token and private_key are both set: keep one of them"]
    if settings.api_token:
        return [] if settings.api_token.isascii() and settings.api_token.isprintable() else ["api_token is not a token"]
    if not (settings.client_id and settings.private_key):
        return ["no credential: set api_token, or client_id and private_key"]
    return [] if settings.scopes else ["scopes is empty: write okta.apps.read and okta.users.read"]


def _other_problems(settings: OktaSettings) -> list[str]:
    checks = {
        "okta_app_id is not an Okta application id, such as 0oa1gjh63g214q0Hq0g4": bool(
            _APP_ID.fullmatch(settings.okta_app_id)
        ),
        f"page_limit must be between 1 and {LARGEST_PAGE}": 1 <= settings.page_limit <= LARGEST_PAGE,
        "proxy must be an http URL, such as http://proxy.acme.com:3128": settings.proxy is None
        or _is_http_url(settings.proxy),
        "request_timeout must be more than 0 seconds": settings.request_timeout > 0,
        "max_wait_each must be more than 0 seconds": settings.max_wait_each > 0,
        "max_wait_total must not be negative": settings.max_wait_total >= 0,
    }
    return [problem for problem, holds in checks.items() if not holds]


def _is_http_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
