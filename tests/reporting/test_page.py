"""The page shows what the document holds, asks for nothing, and can be read without seeing it."""

import itertools
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings

from syncd.core.situations import NO_DRIFT
from syncd.reporting import render
from syncd.reporting.page import LISTED, shown, span
from tests.core.builders import account, missing
from tests.reporting.documents import HOSTILE, clean_document, document_of, documents, hostile_document, report_of

EMPTY = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """The elements of a page, with their attributes and their text; an end without a beginning is an error."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []
        self.feed(page.decode())
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        text: list[str] = []
        self.elements.append((tag, dict(attrs), text))
        if tag not in EMPTY:
            self._open.append((tag, text))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for _, text in self._open:
            text.append(data)

    def texts(self, tag: str) -> list[str]:
        return [" ".join("".join(text).split()) for name, _, text in self.elements if name == tag]

    def by_id(self, wanted: str) -> str:
        (found,) = ["".join(text) for _, attributes, text in self.elements if attributes.get("id") == wanted]
        return " ".join(found.split())


@pytest.fixture(scope="module")
def hostile() -> tuple[dict[str, Any], bytes]:
    document = hostile_document()
    return document, render(document, "html")


@given(document=documents())
@settings(max_examples=40, deadline=None)
def test_the_figures_are_those_of_the_document(document: dict[str, Any]) -> None:
    page = Page(render(document, "html"))
    assert page.by_id("drifted") == str(document["report"]["drifted"])
    assert page.by_id("unknown") == str(document["unknown"])
    assert page.by_id("coverage") == f"{document['report']['coveragePercent']:.1f} %"
    assert page.by_id("balance") == document["balance"]["line"]
    counts = {
        attributes["data-situation"]: int(attributes["data-count"] or "")
        for _, attributes, _ in page.elements
        if attributes.get("data-of") == "accounts"
    }
    assert counts == document["report"]["counts"]


def test_every_name_is_text_whatever_it_says(hostile: tuple[dict[str, Any], bytes]) -> None:
    page = Page(hostile[1])
    named = page.texts("bdi")
    for name in HOSTILE:
        assert " ".join(shown(name).split()) in named
    assert "49" not in named, "a template in a name is not rendered"
    assert "img" not in {tag for tag, _, _ in page.elements}
    assert b"\xe2\x80\xae" not in hostile[1], "nothing turns the direction of what follows"


def test_the_page_runs_nothing_and_asks_for_nothing(hostile: tuple[dict[str, Any], bytes]) -> None:
    page = Page(hostile[1])
    assert {tag for tag, _, _ in page.elements}.isdisjoint(
        {"script", "link", "iframe", "object", "img", "form", "base"}
    )
    for _, attributes, _ in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name in {"style", "src"}]
        assert (attributes.get("href") or "#").startswith("#")
    (style,) = [text for tag, _, text in page.elements if tag == "style"]
    assert not re.search(r"url\(|@import", "".join(style))
    (policy,) = [one["content"] or "" for tag, one, _ in page.elements if "Content-Security-Policy" in one.values()]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


@pytest.mark.parametrize("document", [hostile_document(), hostile_document(None), clean_document()])
def test_the_page_can_be_read_without_seeing_it(document: dict[str, Any]) -> None:
    page = Page(render(document, "html"))
    levels = [int(tag[1]) for tag, _, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert len(page.texts("table")) == len(page.texts("caption")) > 0
    assert all(one.get("scope") in {"row", "col"} for tag, one, _ in page.elements if tag == "th")
    ids = [one["id"] for _, one, _ in page.elements if "id" in one]
    assert len(ids) == len(set(ids))
    for tag, one, _ in page.elements:
        if tag == "svg":
            assert one["role"] == "img"
            assert set((one["aria-labelledby"] or "").split()) <= set(ids)
    assert all(page.texts("title"))
    assert all(page.texts("desc"))
    assert ("html", {"lang": "en"}) in [(tag, one) for tag, one, _ in page.elements]
    targets = [one["href"] for tag, one, _ in page.elements if tag == "a"]
    assert {(target or "").removeprefix("#") for target in targets} <= set(ids)


def test_a_page_lists_the_worst_and_says_that_there_are_more() -> None:
    people = [missing(account(id=f"a{number}", user_name=f"p{number}")) for number in range(LISTED + 5)]
    document = document_of(report_of(tuple(people)))
    page = Page(render(document, "html"))
    assert f"The {LISTED} worst of {LISTED + 5} accounts and people in drift; JSON and CSV list all" in page.texts(
        "caption"
    )
    assert page.by_id("drifted") == str(LISTED + 5)


def test_severities_add_up_to_what_is_in_drift() -> None:
    document = hostile_document()
    page = Page(render(document, "html"))
    (words, *_) = page.texts("desc")
    counted = sum(int(one) for one in re.findall(r"\d+", words))
    assert counted == document["report"]["drifted"]
    assert "critical: 1," in words
    drifted = [one for one in document["report"]["findings"] if one["situation"] not in NO_DRIFT]
    assert counted == len(drifted) + document["report"]["groups"]["drifted"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min 59 s"),
        (7260, "2 h 1 min"),
        (93_600, "1 d 2 h"),
        (86_401, "1 d"),
    ],
)
def test_a_length_of_time_has_at_most_two_units(seconds: int, said: str) -> None:
    assert span(seconds) == said
