import pytest

from scim.core_schemas import USER_TYPE
from scim.errors import InvalidFilter, InvalidPath
from scim.filter.parser import parse_filter, parse_path
from scim.filter.syntax import And, Not


def test_a_filter_may_be_as_long_as_the_limit_in_bytes_and_no_longer() -> None:
    text = 'title eq "é"'
    parse_filter(text, USER_TYPE, max_bytes=len(text) + 1)
    with pytest.raises(InvalidFilter, match=f"longer than {len(text)} bytes"):
        parse_filter(text, USER_TYPE, max_bytes=len(text))


def test_a_path_may_be_as_long_as_the_limit_and_no_longer() -> None:
    parse_path("userName", USER_TYPE, max_bytes=8)
    with pytest.raises(InvalidPath, match="longer than 7 bytes"):
        parse_path("userName", USER_TYPE, max_bytes=7)


@pytest.mark.parametrize("unit", ["(", "not (", "emails[", "[", "not ", ")", '"', '\\"', " ", "title pr and ", "😀"])
@pytest.mark.parametrize("max_bytes", [4096, 10**6])
def test_ten_thousand_of_anything_is_refused(unit: str, max_bytes: int) -> None:
    with pytest.raises(InvalidFilter):
        parse_filter(unit * 10_000, USER_TYPE, max_bytes=max_bytes)
    with pytest.raises(InvalidPath):
        parse_path(unit * 10_000, USER_TYPE, max_bytes=max_bytes)


def test_brackets_that_are_closed_are_refused_too_when_they_are_too_many() -> None:
    text = "(" * 10_000 + "title pr" + ")" * 10_000
    with pytest.raises(InvalidFilter, match=r"nested more than 32 deep \(at character 33\)"):
        parse_filter(text, USER_TYPE, max_bytes=10**6)


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("not (", ")")])
def test_brackets_nest_to_the_limit_and_no_further(opening: str, closing: str) -> None:
    parse_filter(opening * 32 + "title pr" + closing * 32, USER_TYPE)
    with pytest.raises(InvalidFilter, match="nested more than 32 deep"):
        parse_filter(opening * 33 + "title pr" + closing * 33, USER_TYPE)


def test_square_brackets_count_as_depth() -> None:
    text = "(emails[(primary eq true)])"
    parse_filter(text, USER_TYPE, max_depth=3)
    with pytest.raises(InvalidFilter, match="nested more than 2 deep"):
        parse_filter(text, USER_TYPE, max_depth=2)


def test_brackets_side_by_side_are_not_nested() -> None:
    text = " and ".join(["not (title pr)"] * 40)
    tree = parse_filter(text, USER_TYPE, max_depth=1)
    assert isinstance(tree, And)
    assert len(tree.terms) == 40
    assert all(isinstance(term, Not) for term in tree.terms)


def test_as_many_comparisons_as_the_limit_and_no_more() -> None:
    parse_filter(" or ".join(["title pr"] * 50), USER_TYPE)
    with pytest.raises(InvalidFilter, match="more than 50 comparisons"):
        parse_filter(" or ".join(["title pr"] * 51), USER_TYPE)


def test_comparisons_in_square_brackets_count() -> None:
    parse_filter('emails[type eq "work"].value eq "x"', USER_TYPE, max_terms=2)
    with pytest.raises(InvalidFilter, match="more than 1 comparisons"):
        parse_filter('emails[type eq "work"].value eq "x"', USER_TYPE, max_terms=1)


def test_the_limits_hold_in_paths() -> None:
    with pytest.raises(InvalidPath, match="more than 1 comparisons"):
        parse_path("emails[primary eq true and type pr]", USER_TYPE, max_terms=1)
    with pytest.raises(InvalidPath, match="nested more than 1 deep"):
        parse_path("emails[(primary eq true)]", USER_TYPE, max_depth=1)
