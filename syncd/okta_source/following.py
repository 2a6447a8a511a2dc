"""From one page to the next: links are followed as they were sent, and never anywhere else than to the same listing."""

from typing import Final
from urllib.parse import SplitResult, urlsplit

from syncd.okta_source.answers import Answer
from syncd.okta_source.faults import Question, unbelievable
from syncd.okta_source.link_header import Link, LinkHeaderError, parse_links

_PORTS: Final = {"http": 80, "https": 443}


def read_links(answer: Answer, question: Question) -> tuple[Link, ...]:
    """Return the links of an answer. Raises `SourceUnhealthyError` when its header cannot be read."""
    try:
        return parse_links(answer.headers.get("link", ()))
    except LinkHeaderError as error:
        raise unbelievable(f"the Link header cannot be read: {error}", question) from None


def within(org_url: str, path: str, link: str) -> str:
    """Return the path and query of a link to the listing at a path of the org, byte for byte.

    Raises ValueError for any other link.
    """
    if "#" in link:
        raise ValueError("it has a fragment, which would not be sent")
    parts = urlsplit(link)
    if link.startswith("/") and not parts.netloc:
        target = link
    elif _origin(parts) != _origin(urlsplit(org_url)):
        raise ValueError(f"it leaves {org_url} for {parts.scheme}://{parts.hostname}; set org_url accordingly")
    else:
        target = link.partition("://")[2].removeprefix(parts.netloc)
    if target.partition("?")[0] != path:
        raise ValueError("it leads to another listing")
    return target


def _origin(parts: SplitResult) -> tuple[str, str | None, str | None, int | None]:
    return parts.scheme, parts.username, parts.hostname, parts.port or _PORTS.get(parts.scheme)
