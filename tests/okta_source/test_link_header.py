import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.okta_source.link_header import Link, LinkHeaderError, next_target, parse_links

SELF, NEXT = frozenset({"self"}), frozenset({"next"})
MARKUP = st.text(alphabet='<>;,="\\ \tabrelnxt*:/?&+%#é\x00', max_size=40)
TARGETS = st.text(alphabet=string.ascii_letters + string.digits + "/:?&=+,;%()[]'*~\"", min_size=1, max_size=30)
QUOTED = st.text(alphabet=string.printable.replace("\n", "").replace("\r", "").replace("\x0b", "").replace("\x0c", ""))


@pytest.mark.parametrize(
    ("values", "links"),
    [
        ([], ()),
        ([""], ()),
        ([" ,\t, "], ()),
        (['</a>; rel="next"'], (Link("/a", NEXT),)),
        (["</a>;rel=next"], (Link("/a", NEXT),)),
        (['</a> ; REL = "Next"'], (Link("/a", NEXT),)),
        (['</a>; rel="self", </b>; rel="next"'], (Link("/a", SELF), Link("/b", NEXT))),
        (['</a>; rel="self"', '</b>; rel="next"'], (Link("/a", SELF), Link("/b", NEXT))),
        (['</a?x=1,2;3>; rel="next"'], (Link("/a?x=1,2;3", NEXT),)),
        (['</a>; title="x, <y>; rel=prev"; rel="next"'], (Link("/a", NEXT),)),
        (['</a>; title="a \\" quote"; rel="next"'], (Link("/a", NEXT),)),
        (['</a>; rel="next last"'], (Link("/a", frozenset({"next", "last"})),)),
        (["</a>; rel=\"next\"; title*=UTF-8''x; flag"], (Link("/a", NEXT),)),
        (['</a>;; rel="next";'], (Link("/a", NEXT),)),
    ],
)
def test_what_the_grammar_allows_is_read(values: list[str], links: tuple[Link, ...]) -> None:
    assert parse_links(values) == links


@pytest.mark.parametrize(
    "value",
    [
        "/a; rel=next",
        "</a",
        "<>; rel=next",
        "</a b>; rel=next",
        "</é>; rel=next",
        "</a>",
        "</a> rel=next",
        "</a>; rel=",
        "</a>; rel",
        '</a>; rel=""',
        '</a>; rel="next',
        '</a>; rel="next\\"',
        '</a>; rel="next" x',
        '</a>; ="next"',
        '</a>; rel="self"; rel="next"',
        '</a>; rel="next"; anchor="/b"',
        '</a>; rel="next" </b>; rel="self"',
        "next",
    ],
)
def test_everything_else_is_refused(value: str) -> None:
    with pytest.raises(LinkHeaderError):
        parse_links([value])


@given(st.lists(st.text() | MARKUP, max_size=3))
def test_any_text_is_read_or_refused(values: list[str]) -> None:
    try:
        links = parse_links(values)
    except LinkHeaderError:
        return
    assert all(link.target in " ".join(values) for link in links)


@given(st.lists(MARKUP, max_size=3))
def test_a_header_that_is_read_is_read_whole(values: list[str]) -> None:
    """Joined by commas or apart, several headers mean the same (RFC 9110 section 5.3)."""
    try:
        apart = parse_links(values)
    except LinkHeaderError:
        return
    assert parse_links([",".join(values)]) == apart


@given(st.lists(st.tuples(TARGETS, QUOTED), max_size=4))
def test_what_is_written_by_the_grammar_comes_back(written: list[tuple[str, str]]) -> None:
    escaped = [(target, title.replace("\\", "\\\\").replace('"', '\\"')) for target, title in written]
    values = [f'<{target}>; title="{title}"; rel="next"' for target, title in escaped]
    assert parse_links(values) == tuple(Link(target, NEXT) for target, _ in written)
    assert parse_links([", ".join(values)]) == parse_links(values)


def test_the_next_link_is_found_among_others_and_may_be_said_twice() -> None:
    assert next_target([Link("/a", SELF), Link("/b", NEXT), Link("/b", NEXT)]) == "/b"
    assert next_target([Link("/a", SELF)]) is None


def test_two_next_links_that_differ_are_refused() -> None:
    with pytest.raises(LinkHeaderError):
        next_target([Link("/a", NEXT), Link("/b", NEXT)])
