"""The Link header (RFC 8288 section 3), read strictly.

A reader that skips what it does not understand reports "no next page" for a damaged header, and a listing ends early.
This one raises instead.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

_SPACE: Final = re.compile(r"[ \t]*")
_TARGET: Final = re.compile(r"<([^\x00-\x20<>\x7f-\U0010ffff]+)>")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_QUOTED: Final = re.compile(r'"((?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\t\x20-\x7e])*)"')
_ESCAPED: Final = re.compile(r"\\(.)")


class LinkHeaderError(ValueError):
    """The header is not what RFC 8288 allows, so nobody can say what it links to."""


@dataclass(frozen=True, slots=True)
class Link:
    """One link: its target as sent, and its relation types in lower case."""

    target: str
    relations: frozenset[str]


def parse_links(values: Iterable[str]) -> tuple[Link, ...]:
    """Return the links of the header's values, in order; several headers and several links in one are the same.

    Raises `LinkHeaderError` for anything outside the grammar of RFC 8288 section 3, and beyond it for a link without
    `rel`, with more than one, or with an `anchor`: the RFC lets a reader ignore those, which would lose a page.
    """
    return tuple(link for value in values for link in _parse_value(value))


def next_target(links: Iterable[Link]) -> str | None:
    """Return the target of the one link with relation `next`, or None. Raises `LinkHeaderError` when two differ."""
    targets = {link.target for link in links if "next" in link.relations}
    if len(targets) > 1:
        raise LinkHeaderError("two different links say they are the next page")
    return targets.pop() if targets else None


def _parse_value(text: str) -> Iterator[Link]:
    position = 0
    while True:
        position = _skip(text, position)
        if position < len(text) and text[position] != ",":
            link, position = _parse_link(text, position)
            yield link
        if position == len(text):
            return
        if text[position] != ",":
            raise LinkHeaderError(f"a comma is missing at character {position}")
        position += 1


def _parse_link(text: str, start: int) -> tuple[Link, int]:
    target = _TARGET.match(text, start)
    if target is None:
        raise LinkHeaderError(f"no target in angle brackets at character {start}")
    parameters: list[tuple[str, str]] = []
    position = _skip(text, target.end())
    while position < len(text) and text[position] == ";":
        position = _skip(text, position + 1)
        if position < len(text) and text[position] not in ",;":
            parameter, position = _parse_parameter(text, position)
            parameters.append(parameter)
    return Link(target[1], _relations(parameters)), position


def _parse_parameter(text: str, start: int) -> tuple[tuple[str, str], int]:
    name = _TOKEN.match(text, start)
    if name is None:
        raise LinkHeaderError(f"no parameter name at character {start}")
    position = _skip(text, name.end())
    if position == len(text) or text[position] != "=":
        return (name[0].lower(), ""), position
    position = _skip(text, position + 1)
    if quoted := _QUOTED.match(text, position):
        value, end = _ESCAPED.sub(r"\1", quoted[1]), quoted.end()
    elif token := _TOKEN.match(text, position):
        value, end = token[0], token.end()
    else:
        raise LinkHeaderError(f"no value of parameter {name[0]!r} at character {position}")
    return (name[0].lower(), value), _skip(text, end)


def _relations(parameters: list[tuple[str, str]]) -> frozenset[str]:
    names = [name for name, _ in parameters]
    relations = frozenset(dict(parameters).get("rel", "").lower().split())
    if names.count("rel") != 1 or not relations or "anchor" in names:
        raise LinkHeaderError("a link needs exactly one rel that names a relation, and no anchor")
    return relations


def _skip(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return space.end() if space else position
