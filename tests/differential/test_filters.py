"""10,000 random filters: the reference meaning, SQL on both databases, and scim2-models.

Where that library differs, a named kind says why, and so does `scim/DIVERGENCES.md`. A kind is no excuse by its looks:
it is a change of meaning under which both sides agree again.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import combinations, groupby
from typing import Any, Final

from scim2_models import default_comparison_key
from sqlalchemy import bindparam, case, select

from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.filter.matching import matches
from scim.filter.parser import parse_filter
from scim.filter.syntax import And, Comparison, Filter, Not, Operator, Or, Present, ValuePath
from scim.memory_store import MemoryStore
from scim.resource import Member, fold, view
from scim.schema import ResourceType, Type
from scim.store import Query, ResourceStore
from syncd.core.changes import Cause
from syncd.store import SqlDatabase
from syncd.store.filter_to_sql import compile_filter
from syncd.store.scope import Scope
from syncd.store.tables import TYPE_CODES, resource
from syncd.store.unit_of_work import SqlUnitOfWork
from tests.conftest import APP
from tests.differential import other_library
from tests.differential.divergences import told
from tests.differential.generator import REFERENCES, Generator
from tests.scim.endpoint import memory_store
from tests.store.test_filter_to_sql import RolledBackError

SCENES, OF_USERS, OF_GROUPS = 100, 60, 40


def populate(store: ResourceStore, generator: Generator) -> None:
    scene = generator.scene()
    users = [store.create("User", document).id for document in scene.users]
    for document, members in scene.groups:
        store.create("Group", document, [Member(users[position]) for position in members])


def cases(store: ResourceStore, generator: Generator) -> Iterator[tuple[ResourceType, str, Filter, list[Any]]]:
    """Yield, for one scene, each filter: over which type, as text, as a tree, and the views of what is there."""
    for resource_type, count in ((USER_TYPE, OF_USERS), (GROUP_TYPE, OF_GROUPS)):
        views = [view(one, resource_type) for one in store.find(Query(resource_type.name)).resources]
        for _ in range(count):
            text = generator.filter(resource_type.name)
            yield resource_type, text, parse_filter(text, resource_type), views


def test_ten_thousand_filters_mean_the_same_in_sql(database: SqlDatabase) -> None:
    """Each is a column of a statement over all resources, some dozens in one: a test of pages is elsewhere."""
    tried = found = 0
    for seed in range(SCENES):
        with unit_of_work(database) as unit:
            generator = Generator(seed)
            populate(unit.resources, generator)
            for resource_type, those in groupby(cases(unit.resources, generator), lambda case: case[0]):
                drawn = list(those)
                answers = in_sql(unit._scope, resource_type, [condition for _, _, condition, _ in drawn])
                for (_, text, condition, views), answer in zip(drawn, answers, strict=True):
                    expected = {one["id"] for one in views if matches(condition, one)}
                    assert answer == expected, (seed, text)
                    tried, found = tried + 1, found + bool(expected)
    assert tried == 10_000
    assert 3_000 < found < 9_000, "the filters do not tell resources apart"


@contextmanager
def unit_of_work(database: SqlDatabase) -> Iterator[SqlUnitOfWork]:
    """A unit of work of which nothing stays."""
    with suppress(RolledBackError), database.transaction(APP, Cause("test")) as unit:
        yield unit
        raise RolledBackError


def in_sql(scope: Scope, resource_type: ResourceType, conditions: list[Filter]) -> list[set[str]]:
    """Return the ids that each filter selects."""
    compiled = [compile_filter(one, resource_type, scope.dialect) for one in conditions]
    columns = [case((one, True), else_=False).label(f"filter_{number}") for number, one in enumerate(compiled)]
    of_type = resource.c.app == bindparam("app"), resource.c.type == TYPE_CODES[resource_type.name]
    rows = scope.connection.execute(select(resource.c.id, *columns).where(*of_type), {"app": scope.app}).all()
    return [{row.id for row in rows if row[1 + number]} for number in range(len(conditions))]


# ------------------------------------------------------------------ scim2-models


def _literals(condition: Filter) -> Iterator[Comparison]:
    match condition:
        case Comparison():
            yield condition
        case ValuePath():
            yield from _literals(condition.condition)
        case Not():
            yield from _literals(condition.term)
        case And() | Or():
            for term in condition.terms:
                yield from _literals(term)
        case Present():
            return


def has_text_that_is_no_reference(condition: Filter) -> bool:
    """Return whether the library refuses a literal because it is no URI, or no base64."""
    kinds = {Type.REFERENCE, Type.BINARY}
    return any(one.path.leaf.type in kinds and one.value not in REFERENCES for one in _literals(condition))


def null_of_any(condition: Filter) -> Filter:
    """Return the filter as the library reads it: a part of many values is null where any of the values lacks it."""
    match condition:
        case Comparison(path, operator, None) if path.sub_attribute and path.attribute.multi_valued:
            whole = type(path)(path.attribute, None, path.extension)
            lacking = Or((Not(Present(path)), ValuePath(whole, Not(Present(path)))))
            return lacking if operator is Operator.EQUAL else Not(lacking)
        case Not(term):
            return Not(null_of_any(term))
        case And(terms):
            return And(tuple(map(null_of_any, terms)))
        case Or(terms):
            return Or(tuple(map(null_of_any, terms)))
        case Comparison() | Present() | ValuePath():
            return condition


def exact_as_it_stands(binding: Any, value: str) -> str:
    return value if binding.case_exact else default_comparison_key(binding, value)


def folded(binding: Any, value: str) -> str:
    return unicodedata.normalize("NFC", value) if binding.case_exact else fold(value)


def folded_and_exact(binding: Any, value: str) -> str:
    return value if binding.case_exact else fold(value)


NULL, EXACT, FOLD = "null of one value among many", "case-exact text is normalized", "lower case instead of folding"
LITERAL: Final = "a literal for a reference or binary must be one"
KEYS: Final[Mapping[frozenset[str], other_library.Comparable | None]] = {
    frozenset(): None,
    frozenset({EXACT}): exact_as_it_stands,
    frozenset({FOLD}): folded,
    frozenset({EXACT, FOLD}): folded_and_exact,
}
SUBSETS: Final = [frozenset(one) for size in range(4) for one in combinations((NULL, EXACT, FOLD), size)]


def kinds_of(
    resource_type: ResourceType, text: str, condition: Filter, views: list[Any], models: list[Any]
) -> frozenset[str] | None:
    """Return the fewest kinds under which both sides give one answer: none where they agree, None where none helps."""
    for subset in SUBSETS:
        meant = null_of_any(condition) if NULL in subset else condition
        ours = [matches(meant, one) for one in views]
        with suppress(other_library.RefusedError):
            if ours == other_library.matching(resource_type, text, models, KEYS[subset - {NULL}]):
                return subset
    return frozenset({LITERAL}) if has_text_that_is_no_reference(condition) else None


def test_ten_thousand_filters_mean_the_same_in_scim2_models_but_for_the_listed_kinds() -> None:
    seen: Counter[str] = Counter()
    agreed = 0
    for seed in range(SCENES):
        generator, store = Generator(seed), memory_store(MemoryStore)
        populate(store, generator)
        models: dict[str, list[Any]] = {}
        for resource_type, text, condition, views in cases(store, generator):
            if resource_type.name not in models:
                models[resource_type.name] = [other_library.read(resource_type, one) for one in views]
            kinds = kinds_of(resource_type, text, condition, views, models[resource_type.name])
            assert kinds is not None, (seed, text)
            seen.update(kinds)
            agreed += not kinds
    assert agreed > 9_800
    assert seen.keys() == told("filters"), "what the list tells is not what occurs"
