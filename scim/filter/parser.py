"""Filters and PATCH paths: text -> tree (RFC 7644 figure 1 and section 3.5.2).

A recursive descent; each method shows the production it reads. Names resolve and literals get their types on the way,
so a tree that comes out means something in the schema. More lenient than the grammar in one point: white space may be
missing next to a bracket or a string, and may be any that JSON knows.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from scim.attribute_path import AttributePath, resolve_in
from scim.errors import InvalidFilter, InvalidPath, ScimError, SecretFilter
from scim.filter.literals import BadLiteral, operators_for, parse_literal
from scim.filter.syntax import And, Comparison, Filter, Not, Operator, Or, PatchPath, Present, ValuePath
from scim.filter.tokens import Tokens, shown
from scim.schema import ResourceType, Returned, Type

MAX_BYTES: Final = 4096
MAX_DEPTH: Final = 32
MAX_TERMS: Final = 50

_OPERATORS: Final[Mapping[str, Operator]] = {operator.value: operator for operator in Operator}
_PRESENT: Final = "pr"

MADE_LOCATIONS: Final[Mapping[str, str]] = {
    "meta.location": "id",
    "members.$ref": "members.value",
    "groups.$ref": "groups.value",
}
"""What a resource does not hold, because it is made from the service provider's address, and what to name instead."""


def parse_filter(
    text: str,
    resource_type: ResourceType,
    *,
    beside: Sequence[ResourceType] = (),
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
    max_terms: int = MAX_TERMS,
) -> Filter:
    """Return the tree of a filter over resources of one type.

    Where a query asks for resources of several types, each type has a tree of its own. `beside` are the other types:
    an attribute that only they have is no mistake then, and the resource has no value for it (RFC 7644 section
    3.4.2.1). `max_bytes` bounds the text in UTF-8 before it is looked at, `max_depth` the nesting of brackets of both
    kinds, `max_terms` the number of comparisons. Raises `InvalidFilter`, and nothing else, for whatever is wrong.
    """
    _check_size(text, max_bytes, _refuse_filter)
    tokens = Tokens(text, _refuse_filter)
    tree = _Parser(tokens, (resource_type, *beside), max_depth, max_terms).filter(None)
    tokens.expect_end("and, or, or the end of the filter")
    return tree


def parse_path(
    text: str,
    resource_type: ResourceType,
    *,
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
    max_terms: int = MAX_TERMS,
) -> PatchPath:
    """Return the target that a PATCH path names in resources of one type.

    Bounds are those of `parse_filter`. Whether the target may be written is not asked here. Raises `InvalidPath`, and
    nothing else, for whatever is wrong, in the brackets too.
    """
    _check_size(text, max_bytes, _refuse_path)
    tokens = Tokens(text, _refuse_path)
    path = _Parser(tokens, (resource_type,), max_depth, max_terms).patch_path()
    tokens.expect_end("the end of the path")
    return path


def _refuse_filter(problem: str) -> ScimError:
    return InvalidFilter(f"Invalid filter: {problem}.")


def _refuse_path(problem: str) -> ScimError:
    return InvalidPath(f"Invalid path: {problem}.")


def _check_size(text: str, max_bytes: int, refuse: Callable[[str], ScimError]) -> None:
    # A string has at least as many bytes as characters: what is far too long is not even encoded.
    if len(text) > max_bytes or len(text.encode("utf-8", "surrogatepass")) > max_bytes:
        raise refuse(f"it is longer than {max_bytes} bytes")


class _Parser:
    """Reads productions from tokens. `parent` is the attribute whose square brackets are open, or None.

    A name is looked up in each resource type in turn.
    """

    def __init__(self, tokens: Tokens, resource_types: Sequence[ResourceType], max_depth: int, max_terms: int) -> None:
        self._tokens = tokens
        self._resource_types = resource_types
        self._max_depth = max_depth
        self._max_terms = max_terms
        self._depth = 0
        self._terms = 0

    def patch_path(self) -> PatchPath:
        """Read PATH = attrPath / valuePath [subAttr]."""
        path = self._attribute_path(None)
        if not self._tokens.accept("["):
            return PatchPath(path)
        condition = self._value_filter(path)
        return PatchPath(self._sub_attribute_path(path) or path, condition)

    def filter(self, parent: AttributePath | None) -> Filter:
        """Read FILTER; inside of brackets valFilter, the same without valuePath.

        FILTER = attrExp / logExp / valuePath / *1"not" "(" FILTER ")"
        logExp = FILTER SP ("and" / "or") SP FILTER, where "and" binds closer than "or".
        """
        terms = [self._conjunction(parent)]
        while self._tokens.accept("or"):
            terms.append(self._conjunction(parent))
        return _joined(Or, terms)

    def _conjunction(self, parent: AttributePath | None) -> Filter:
        terms = [self._factor(parent)]
        while self._tokens.accept("and"):
            terms.append(self._factor(parent))
        return _joined(And, terms)

    def _factor(self, parent: AttributePath | None) -> Filter:
        """Read *1"not" "(" FILTER ")", attrExp or valuePath."""
        if self._tokens.accept("not"):
            self._tokens.expect("(", "( after not")
            return Not(self._group(parent, ")"))
        if self._tokens.accept("("):
            return self._group(parent, ")")
        return self._attribute_expression(parent)

    def _group(self, parent: AttributePath | None, closing: str) -> Filter:
        self._depth += 1
        if self._depth > self._max_depth:
            raise self._tokens.refused(f"brackets are nested more than {self._max_depth} deep")
        inner = self.filter(parent)
        self._tokens.expect(closing, f"and, or, or {closing}")
        self._depth -= 1
        return inner

    def _attribute_expression(self, parent: AttributePath | None) -> Filter:
        """Read attrExp or valuePath, or what the grammar has in PATH only and clients send: valuePath subAttr compared.

        attrExp = (attrPath SP "pr") / (attrPath SP compareOp SP compValue)
        """
        path = self._attribute_path(parent)
        if parent is not None or not self._tokens.accept("["):
            return self._comparison(path)
        condition = self._value_filter(path)
        selected = self._sub_attribute_path(path)
        return _about_selected(path, condition, self._comparison(selected)) if selected else ValuePath(path, condition)

    def _value_filter(self, path: AttributePath) -> Filter:
        """Read the rest of valuePath = attrPath "[" valFilter "]"."""
        if path.leaf.type is not Type.COMPLEX or not path.leaf.multi_valued:
            raise self._tokens.refused(f"{path} has no values to select from with [...]")
        return self._group(path, "]")

    def _attribute_path(self, parent: AttributePath | None) -> AttributePath:
        """Read attrPath = [URI ":"] ATTRNAME *1subAttr; inside of brackets, the ATTRNAME of a sub-attribute."""
        name = self._tokens.word("an attribute name")
        path = _sub_path(parent, name) if parent else resolve_in(self._resource_types, name)
        if path is None:
            names = " or ".join(one.name for one in self._resource_types)
            whole = f"sub-attribute of {parent}" if parent else f"attribute of {names}"
            raise self._tokens.refused(f"{shown(name)} is no {whole}")
        return path

    def _sub_attribute_path(self, path: AttributePath) -> AttributePath | None:
        """Read subAttr = "." ATTRNAME, if there is one."""
        token = self._tokens.peek()
        if not token.startswith("."):
            return None
        self._tokens.skip()
        found = _sub_path(path, token[1:])
        if found is None:
            raise self._tokens.refused(f"{shown(token)} is no sub-attribute of {path}")
        return found

    def _comparison(self, path: AttributePath) -> Comparison | Present:
        """Read the rest of attrExp: "pr", or compareOp SP compValue.

        compValue = false / null / true / number / string
        """
        self._check_searchable(path)
        self._terms += 1
        if self._terms > self._max_terms:
            raise self._tokens.refused(f"there are more than {self._max_terms} comparisons")
        if self._tokens.accept(_PRESENT):
            return Present(path)
        compared = _compared_path(path)
        operator = self._operator(compared)
        try:
            value = parse_literal(self._tokens.peek(), compared.leaf, operator)
        except BadLiteral as problem:
            raise self._tokens.unexpected(str(problem)) from None
        self._tokens.skip()
        return Comparison(compared, operator, value)

    def _operator(self, path: AttributePath) -> Operator:
        """Read compareOp = "eq" / "ne" / "co" / "sw" / "ew" / "gt" / "lt" / "ge" / "le"."""
        allowed = operators_for(path.leaf.type)
        operator = _OPERATORS.get(self._tokens.peek().lower())
        if operator is None or operator not in allowed:
            wanted = ", ".join([*(known for known in Operator if known in allowed), _PRESENT])
            raise self._tokens.unexpected(f"an operator that fits {path} ({wanted})")
        self._tokens.skip()
        return operator

    def _check_searchable(self, path: AttributePath) -> None:
        if Returned.NEVER in {path.attribute.returned, path.leaf.returned}:
            raise SecretFilter(self._tokens.refused(f"{path} cannot be searched").detail)
        if instead := MADE_LOCATIONS.get(str(path)):
            raise self._tokens.refused(f"{path} cannot be searched: use {instead}")


def _sub_path(path: AttributePath, name: str) -> AttributePath | None:
    sub_attribute = path.attribute.sub_attribute(name)
    return AttributePath(path.attribute, sub_attribute, path.extension) if sub_attribute else None


def _compared_path(path: AttributePath) -> AttributePath:
    """Return where a comparison looks: a complex attribute is compared by its `value`, if it has one."""
    return (_sub_path(path, "value") or path) if path.leaf.type is Type.COMPLEX else path


def _joined(kind: type[And | Or], terms: list[Filter]) -> Filter:
    """Return the terms as one, with terms of the same kind dissolved into it."""
    if len(terms) == 1:
        return terms[0]
    flat: list[Filter] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, kind) else (term,))
    return kind(tuple(flat))


def _about_selected(path: AttributePath, condition: Filter, term: Comparison | Present) -> Filter:
    """Return what `path[condition].sub operator literal` means: that the term holds for the selected values.

    A term that is true of nothing at all (ne, eq null) denies its opposite: no selected value equals, or is there.
    """
    opposite = _opposite_of_absence(term)
    selected = ValuePath(path, _joined(And, [condition, opposite or term]))
    return Not(selected) if opposite else selected


def _opposite_of_absence(term: Comparison | Present) -> Comparison | Present | None:
    match term:
        case Comparison(path, Operator.EQUAL, None):
            return Present(path)
        case Comparison(path, Operator.NOT_EQUAL, value) if value is not None:
            return Comparison(path, Operator.EQUAL, value)
    return None
