import json
from collections.abc import Callable
from datetime import UTC
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scim.attribute_path import AttributePath, resolve
from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.errors import InvalidFilter, InvalidPath
from scim.filter.literals import operators_for
from scim.filter.parser import parse_filter, parse_path
from scim.filter.syntax import And, Comparison, Filter, Literal, Not, Operator, Or, PatchPath, Present, ValuePath
from scim.resource import timestamp
from scim.schema import COMMON, Attribute, ResourceType, Returned, Schema, Type

GAUGE_SCHEMA = Schema(
    "urn:example:2.0:Gauge",
    "Gauge",
    "Something with numbers",
    (Attribute(name="floor", type=Type.INTEGER), Attribute(name="level", type=Type.DECIMAL)),
)
GAUGED_USER = ResourceType("User", "/Users", "A user with numbers", USER_TYPE.schema, (GAUGE_SCHEMA,))
TYPES = (USER_TYPE, GROUP_TYPE, GAUGED_USER)
MADE = {"meta.location", "members.$ref", "groups.$ref"}

# ------------------------------------------------------------------ tree -> text

T = TypeVar("T")
Spelling = Callable[[str], str]


def _render(tree: Filter, spell: Spelling = str, *, inside: bool = False) -> str:
    """Return a filter that parses to `tree`. `spell` writes names and operators, `inside` says within brackets."""
    match tree:
        case Comparison(path, operator, value):
            return f"{spell(_name(path, inside))} {spell(operator)} {_render_literal(value, spell)}"
        case Present(path):
            return f"{spell(_name(path, inside))} {spell('pr')}"
        case ValuePath(path, condition):
            return f"{spell(str(path))}[{_render(condition, spell, inside=True)}]"
        case Not(term):
            return f"{spell('not')} ({_render(term, spell, inside=inside)})"
        case And(terms):
            return f" {spell('and')} ".join(_render_factor(term, spell, inside=inside) for term in terms)
        case Or(terms):
            return f" {spell('or')} ".join(_render(term, spell, inside=inside) for term in terms)


def _render_factor(term: Filter, spell: Spelling, *, inside: bool) -> str:
    text = _render(term, spell, inside=inside)
    return f"({text})" if isinstance(term, Or) else text


def _render_literal(value: Literal, spell: Spelling) -> str:
    text = json.dumps(value)
    return text if isinstance(value, str) else spell(text)


def _name(path: AttributePath, inside: bool) -> str:
    return path.leaf.name if inside else str(path)


# ------------------------------------------------------------------ trees


def _paths(resource_type: ResourceType) -> list[AttributePath]:
    prefixed = [(schema.urn, attribute) for schema in resource_type.schemas() for attribute in schema.attributes]
    prefixed += [(resource_type.schema.urn, attribute) for attribute in COMMON]
    names = [
        f"{urn}:{attribute.name}{suffix}"
        for urn, attribute in prefixed
        for suffix in ("", *(f".{sub.name}" for sub in attribute.sub_attributes))
    ]
    paths = [path for name in names if (path := resolve(resource_type, name))]
    return [path for path in paths if str(path) not in MADE and path.leaf.returned is not Returned.NEVER]


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
MOMENTS = st.datetimes(timezones=st.just(UTC)).map(timestamp)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
LITERALS: dict[Type, st.SearchStrategy[Literal]] = {
    Type.STRING: TEXT,
    Type.REFERENCE: TEXT,
    Type.BINARY: TEXT,
    Type.BOOLEAN: st.booleans(),
    Type.DATE_TIME: MOMENTS,
    Type.INTEGER: NUMBERS,
    Type.DECIMAL: NUMBERS,
}
EQUALITY = frozenset({Operator.EQUAL, Operator.NOT_EQUAL})


def _any_of(strategies: list[st.SearchStrategy[T]]) -> st.SearchStrategy[T]:
    # Like one_of, which writes out all its strategies, and so the whole schema, when it describes itself.
    return st.integers(0, len(strategies) - 1).flatmap(lambda index: strategies[index])


def _terms(paths: list[AttributePath]) -> st.SearchStrategy[Filter]:
    return _any_of([_terms_about(path) for path in paths])


def _terms_about(path: AttributePath) -> st.SearchStrategy[Filter]:
    operators = operators_for(path.leaf.type)
    comparisons = (_comparisons(path, operator) for operator in sorted(operators))
    return st.one_of(st.builds(Present, st.just(path)), *comparisons)


def _comparisons(path: AttributePath, operator: Operator) -> st.SearchStrategy[Filter]:
    literals = LITERALS[path.leaf.type]
    allowed = literals | st.none() if operator in EQUALITY else literals
    return allowed.map(lambda value: Comparison(path, operator, value))


def _joint(kind: type[And | Or], terms: list[Filter]) -> Filter:
    parts = [part for term in terms for part in (term.terms if isinstance(term, kind) else (term,))]
    return kind(tuple(parts))


def _trees(leaves: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(Not),
            st.builds(_joint, st.just(And), st.lists(inner, min_size=2, max_size=3)),
            st.builds(_joint, st.just(Or), st.lists(inner, min_size=2, max_size=3)),
        ),
        max_leaves=8,
    )


def _selections(paths: list[AttributePath]) -> st.SearchStrategy[tuple[AttributePath, Filter]]:
    """Draw a multi-valued complex attribute and a condition on one of its values."""
    plurals = [path for path in paths if path.leaf.multi_valued and path.leaf.type is Type.COMPLEX]
    return _any_of([st.tuples(st.just(plural), _trees(_terms(_parts(plural, paths)))) for plural in plurals])


def _parts(plural: AttributePath, paths: list[AttributePath]) -> list[AttributePath]:
    return [path for path in paths if path.attribute is plural.attribute and path.sub_attribute]


def _whole_trees(paths: list[AttributePath]) -> st.SearchStrategy[Filter]:
    return _trees(_terms(paths) | _selections(paths).map(lambda selection: ValuePath(*selection)))


USER_PATHS, *_ = PATHS = [_paths(resource_type) for resource_type in TYPES]
TREES = [_whole_trees(paths) for paths in PATHS]


@st.composite
def _typed_trees(draw: st.DrawFn) -> tuple[ResourceType, Filter]:
    index = draw(st.integers(0, len(TYPES) - 1))
    return TYPES[index], draw(TREES[index])


# ------------------------------------------------------------------ properties

SPELLINGS = [str, str.upper, str.lower, str.swapcase]


@settings(deadline=None, max_examples=300)
@given(_typed_trees(), st.sampled_from(SPELLINGS))
def test_a_tree_written_as_text_parses_to_itself_however_names_are_spelled(
    typed_tree: tuple[ResourceType, Filter], spell: Spelling
) -> None:
    resource_type, tree = typed_tree
    text = _render(tree, spell)
    assert parse_filter(text, resource_type, max_bytes=10**6, max_terms=1000) == tree


@settings(deadline=None, max_examples=100)
@given(_selections(USER_PATHS), st.sampled_from(SPELLINGS), st.data())
def test_a_patch_path_written_as_text_parses_to_itself(
    selection: tuple[AttributePath, Filter], spell: Spelling, data: st.DataObject
) -> None:
    plural, condition = selection
    sub_attribute = data.draw(st.sampled_from(plural.attribute.sub_attributes) | st.none())
    suffix = f".{sub_attribute.name}" if sub_attribute else ""
    text = _render(ValuePath(plural, condition), spell) + spell(suffix)
    target = PatchPath(AttributePath(plural.attribute, sub_attribute, plural.extension), condition)
    assert parse_path(text, USER_TYPE, max_bytes=10**6, max_terms=1000) == target


def _parses_or_is_refused(text: str) -> None:
    for resource_type in TYPES:
        try:
            parse_filter(text, resource_type)
        except InvalidFilter as refusal:
            refusal.detail.encode()
        try:
            parse_path(text, resource_type)
        except InvalidPath as refusal:
            refusal.detail.encode()


GRAMMAR = """
    userName emails members active level floor meta.created type value .value primary eq ne co gt pr and or not
    ( ) [ ] "x" "2026-05-13T04:42:34Z" "true" "\\u0041" " \\ true null 1 -1.5e3 1e999
"""
WORDS = GRAMMAR.split()


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(), max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    _parses_or_is_refused(text)


@settings(deadline=None, max_examples=400)
@given(st.lists(st.sampled_from(WORDS), max_size=16), st.sampled_from(["", " "]))
def test_any_row_of_words_parses_or_is_refused(words: list[str], space: str) -> None:
    _parses_or_is_refused(space.join(words))


@settings(deadline=None, max_examples=300)
@given(_typed_trees(), st.integers(0, 200), st.integers(0, 8), st.text(max_size=3) | st.sampled_from(WORDS))
def test_a_filter_with_a_part_overwritten_parses_or_is_refused(
    typed_tree: tuple[ResourceType, Filter], start: int, length: int, replacement: str
) -> None:
    text = _render(typed_tree[1])
    _parses_or_is_refused(text[:start] + replacement + text[start + length :])


@pytest.mark.parametrize("text", ["\ud800", 'title eq "\udfff"', "title\ud800 pr", 'emails[type eq "\ud800"]'])
def test_text_that_is_no_unicode_is_refused_with_an_error_that_can_be_sent(text: str) -> None:
    with pytest.raises(InvalidFilter) as caught:
        parse_filter(text, USER_TYPE)
    assert caught.value.detail.encode()
