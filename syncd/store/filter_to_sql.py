"""Filters compiled to SQL: the same tree, the same meaning as `scim.filter.matching`, on both databases.

SQL has a third truth value where no value is reached. It counts as false, and every denial makes it false first.
"""

from collections.abc import Collection

from sqlalchemy import and_, func, not_, or_
from sqlalchemy import false as sql_false

from scim.filter.syntax import And, Comparison, Filter, Not, Operator, Or, Present, ValuePath
from scim.schema import ResourceType
from syncd.store.filter_paths import MEMBERS, InResource, InRow, Predicate, Reach
from syncd.store.filter_tests import PRESENT, test_of


def compile_filter(
    condition: Filter, resource_type: ResourceType, dialect: str, indexed: Collection[str] = ()
) -> Predicate:
    """Return the condition on rows of `resource` that the filter means.

    It binds the parameter `app`, with which every part that looks into other tables is limited to one application; the
    statement must limit `resource` itself. `indexed` is as for `InResource`.
    """
    return _compiled(condition, InResource(resource_type, dialect, indexed))


def compile_member_condition(condition: Filter) -> Predicate:
    """Return the condition on rows of `MEMBERS` that the brackets of `members[...]` mean."""
    return _compiled(condition, InRow(MEMBERS.parts))


def _compiled(condition: Filter, reach: Reach) -> Predicate:
    match condition:
        case Comparison():
            return _comparison(condition, reach)
        case Present(path):
            return reach.some(path, PRESENT)
        case ValuePath(path, inner):
            return reach.one(path, inner, lambda value: _compiled(inner, value))
        case Not(term):
            return _denied(_compiled(term, reach))
        case And(terms):
            return and_(*(_compiled(term, reach) for term in terms))
        case Or(terms):
            return or_(*(_compiled(term, reach) for term in terms))


def _comparison(comparison: Comparison, reach: Reach) -> Predicate:
    denies = comparison.operator is Operator.NOT_EQUAL
    if comparison.value is None:
        denies = not denies
        found = reach.some(comparison.path, PRESENT)
    else:
        found = reach.some(comparison.path, test_of(comparison))
    return _denied(found) if denies else found


def _denied(predicate: Predicate) -> Predicate:
    return not_(func.coalesce(predicate, sql_false()))
