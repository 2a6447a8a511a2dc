"""What a single value must be, beyond its type; and how a wrong one is told.

A check returns the value or raises `wrong(...)`: the two halves of the message an operator sees, what is the matter and
what to write instead.
"""

import base64
import ipaddress
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from syncd import cron
from syncd.core.notes import COSIGNATURE, NoteError, VerifierKey, is_name

WRONG: Final = "wrong"
DISAGREEMENT: Final = "disagreement"

WEBHOOK_SECRET_BYTES: Final = 24
"""The least that Standard Webhooks takes."""

_APP_NAME: Final = re.compile(r"[a-z0-9-]{1,63}")
_OKTA_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SHORTEST_SECRET: Final = 16
_MAIL_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")
_DATABASE_URL: Final = re.compile(r"sqlite:///.+|postgresql(\+psycopg)?://.*")


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Settings of one section that are right one by one and wrong together; or by what others are.

    `what` completes a sentence that begins with the names in `keys`; `instead` is an order.
    """

    keys: tuple[str, ...]
    what: str
    instead: str


def disagree(found: tuple[Disagreement, ...]) -> PydanticCustomError:
    """Return the error that carries disagreements out of a model."""
    return PydanticCustomError(DISAGREEMENT, "settings disagree", {"found": found})


def wrong(what: str, instead: str) -> PydanticCustomError:
    """Return the error for one value. `what` and `instead` as in `Disagreement`."""
    return PydanticCustomError(WRONG, "{what}", {"what": what, "instead": instead})


def split_list(value: Any) -> Any:
    """Take `a, b` for a list of two, which is how the environment writes lists."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def check_app_name(name: str) -> str:
    """Take small letters, digits and hyphens: the name goes into commands, logs and variables."""
    if not _APP_NAME.fullmatch(name):
        raise wrong("is no name for an application", "Use small letters, digits and hyphens, such as [apps.crm]")
    return name


def check_okta_id(okta_id: str) -> str:
    """Take what may stand in the path of a request to Okta."""
    if not _OKTA_ID.fullmatch(okta_id):
        raise wrong("is no Okta id", 'Write the id from the address of the application in the admin console: "0oa..."')
    return okta_id


def check_schedule(expression: str) -> str:
    """Take a cron expression as `syncd.cron` reads it, in UTC."""
    try:
        cron.parse(expression)
    except ValueError as error:
        raise wrong(f"is no schedule: {error}", 'Write a cron expression in UTC, such as "17 2 * * *"') from error
    return expression


def check_windows(windows: tuple[str, ...]) -> tuple[str, ...]:
    """Take windows of the form `0 8 * * 1-5 for 10 hours`."""
    for window in windows:
        try:
            cron.parse_window(window)
        except ValueError as error:
            raise wrong(f"is no window: {error}", 'Write "0 8 * * 1-5 for 10 hours", in UTC') from error
    return windows


def check_database_url(url: SecretStr) -> SecretStr:
    """Take a database that syncd has a driver for. The message never shows the URL: it may hold a password."""
    if not _DATABASE_URL.fullmatch(url.get_secret_value()):
        raise wrong("is no database", "Write sqlite:////absolute/path/syncd.db or postgresql://user@host/name")
    return url


def check_hook_secret(secret: SecretStr) -> SecretStr:
    """Take what may stand in a header and cannot be guessed. The message never shows it."""
    text = secret.get_secret_value()
    if len(text) < _SHORTEST_SECRET or not (text.isascii() and text.isprintable()) or text != text.strip():
        raise wrong(
            f"must be {_SHORTEST_SECRET} or more printable ASCII characters",
            "Make one with: openssl rand -hex 32",
        )
    return secret


def check_origin(name: str) -> str:
    """Take the name of a log (c2sp.org/tlog-checkpoint)."""
    if not is_name(name) or "://" in name:
        raise wrong("is no name of a log", 'Write a host and a path without a scheme, such as "scim.example.com/syncd"')
    return name


def check_public_key(text: str) -> str:
    """Take a public key in the form of signed notes."""
    try:
        return str(VerifierKey.parse(text))
    except NoteError as error:
        raise wrong(f"is no public key: {error}", "Write the line that syncd audit init-key printed") from error


def check_witness(line: str) -> str:
    """Take the address of a witness and its public key, with a blank between them."""
    url, _, text = line.partition(" ")
    check_post_url(url)
    try:
        key = VerifierKey.parse(text)
    except NoteError as error:
        raise wrong(f"names no public key: {error}", "Write the line that syncd witness init-key printed") from error
    if key.kind != COSIGNATURE:
        raise wrong("names the key of a log", "Write the line that syncd witness init-key printed")
    return f"{url} {key}"


def check_signing_key(secret: SecretStr) -> SecretStr:
    """Take what looks like a private key. The message never shows it."""
    if not secret.get_secret_value().startswith("PRIVATE+KEY+"):
        raise wrong("is no private key", "Make one with: syncd audit init-key")
    return secret


def check_public_url(url: str) -> str:
    """Take an absolute URL that `/scim/v2` can be appended to."""
    instead = 'Write scheme, host and perhaps a path, such as "https://scim.example.com"'
    parts = _split(url)
    if parts is None or parts.scheme not in {"http", "https"} or "@" in parts.netloc:
        raise wrong("is no URL of a server", instead)
    if parts.query or parts.fragment or url.endswith(("/", "?", "#")):
        raise wrong("must end where the path ends, without a slash, ? or #", instead)
    return url


def check_post_url(url: str) -> str:
    """Take an address that something may be posted to: https, or this machine. The message never shows it."""
    parts = _split(url)
    if parts is None or "@" in parts.netloc or parts.fragment:
        raise wrong("is no address to post to", 'Write it as "https://host/path", without a user name in it')
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise wrong("must be https", "Write https://; http is for this machine only")
    return url


def check_secret_post_url(url: SecretStr) -> SecretStr:
    """Take an address that something may be posted to, and that is a secret itself."""
    check_post_url(url.get_secret_value())
    return url


def check_webhook_secret(secret: SecretStr) -> SecretStr:
    """Take at least 24 characters, or after whsec_ base64 of at least 24 bytes."""
    text = secret.get_secret_value()
    size = len(text.encode())
    if text.startswith("whsec_"):
        try:
            size = len(base64.b64decode(text.removeprefix("whsec_"), validate=True))
        except ValueError as error:
            raise wrong("is no base64 after whsec_", "Make one: openssl rand -base64 32") from error
    if size < WEBHOOK_SECRET_BYTES:
        raise wrong("is too short to sign with", "Make one: openssl rand -base64 32")
    return secret


def check_mail_address(address: str) -> str:
    """Take a mail address without a name: it goes into headers and to the mail server."""
    if not _MAIL_ADDRESS.fullmatch(address):
        raise wrong("is no mail address", 'Write it as "name@example.com"')
    return address


def check_org_url(url: str) -> str:
    """Take the root of an Okta org: https, or a simulated one on this machine."""
    parts = _split(url)
    if parts is None or parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise wrong("is no address of an Okta org", 'Write it as "https://example.okta.com"')
    if parts.hostname and "-admin." in parts.hostname:
        raise wrong("is the admin console", "Leave -admin out of the host name")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise wrong("must be https", "Write https://; http is for a simulated org on this machine only")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Return whether a host name or address stays on this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _split(url: str) -> SplitResult | None:
    """Return the parts of an absolute URL, or None when it is none; `port` raises ValueError when it is no number."""
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.hostname and parts.port != 0:
            return parts
    return None
