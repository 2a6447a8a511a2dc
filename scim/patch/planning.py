"""Operations x resource -> document and membership change (RFC 7644 section 3.5.2)."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final

from scim.errors import InvalidValue, Mutability, NoTarget
from scim.filter.matching import comparison_key, value_matches
from scim.filter.syntax import And, Comparison, Filter, Operator, PatchPath
from scim.patch.membership import MatchingMembers, MembershipFold
from scim.patch.operations import MEMBERS, Op, Operation
from scim.resource import Document, MembershipChange, StoredResource
from scim.schema import Attribute
from scim.schema import Mutability as Writable
from scim.tolerance import Leniency, Tolerance, or_default
from scim.values import MAXIMUM_VALUES, one_primary, present


def plan(
    operations: Sequence[Operation],
    resource: StoredResource,
    matching_members: MatchingMembers,
    tolerance: Tolerance | None = None,
) -> tuple[Document, MembershipChange]:
    """Return the document after the operations, and what they do to the members of a group.

    Pure: `resource` stays as it is, and its members are not looked at. `matching_members` is asked as `MembershipFold`
    says. Raises `NoTarget` where a path selects nothing, `Mutability` and `InvalidValue` where a required attribute
    would be left without a value, and `Mutability` where an immutable part of one of several values would change. What
    becomes of the resource as a whole is for `scim.characteristics` to judge.
    """
    document: Document = resource.document
    tolerance = or_default(tolerance)
    membership = MembershipFold(matching_members, must_match=Leniency.REMOVE_AGAIN not in tolerance.profile.allows)
    for operation in operations:
        if operation.path.path.attribute.name == MEMBERS:
            membership.apply(operation)
        else:
            document = _applied(operation, document, tolerance)
    return document, membership.change()


def _applied(operation: Operation, document: Document, tolerance: Tolerance) -> Document:
    path = operation.path.path
    holder = document if path.extension is None else document.get(path.extension.urn, {})
    value = _new_value(operation, holder.get(path.attribute.name), tolerance)
    if path.extension is None and path.attribute.required and _is_absent(value):
        error = Mutability if operation.op is Op.REMOVE else InvalidValue
        raise error(f"{path}: is required and cannot be without a value (RFC 7644 section 3.5.2.2).")
    changed = _with(holder, path.attribute.name, value)
    return changed if path.extension is None else _with(document, path.extension.urn, changed)


def _new_value(operation: Operation, old: Any, tolerance: Tolerance) -> Any:
    """Return what becomes of an attribute's value; None, {} and [] mean absent."""
    path = operation.path.path
    if path.attribute.multi_valued:
        return _new_values(operation, old or [], tolerance)
    if path.sub_attribute is not None:
        return _with(old or {}, path.sub_attribute.name, operation.value)
    if isinstance(operation.value, Mapping):
        return present({**(old or {}), **operation.value})
    return operation.value


def _new_values(operation: Operation, old: list[Any], tolerance: Tolerance) -> list[Any]:
    """Return what becomes of the values of a multi-valued attribute."""
    if operation.op is Op.REMOVE and operation.value is not None:
        values = _subtracted(operation.path, old, operation.value)
    elif operation.path.condition is not None or operation.path.path.sub_attribute is not None:
        values = _selected_changed(operation, old, tolerance)
    elif operation.op is Op.ADD:
        values = _added(operation.path.path.attribute, old, operation.value or [])
    else:
        values = operation.value or []
    if len(values) > MAXIMUM_VALUES:
        raise InvalidValue(f"{operation.path.path}: at most {MAXIMUM_VALUES} values.")
    return values


def _added(attribute: Attribute, old: list[Any], new: list[Any]) -> list[Any]:
    """Return the old values and the new ones; what is there already is not added again (RFC 7644 section 3.5.2.1).

    Values of the same `value` and `type` are one value, whose other parts the new one brings up to date.
    """
    values = list(old)
    positions = {_identity(attribute, value): index for index, value in enumerate(old)}
    for value in new:
        index = positions.setdefault(_identity(attribute, value), len(values))
        if index == len(values):
            values.append(value)
        elif isinstance(value, Mapping):
            _refuse_changed_part(attribute, values[index], {**values[index], **value})
            values[index] = {**values[index], **value}
    return one_primary(values, [positions[_identity(attribute, value)] for value in new])


def _subtracted(path: PatchPath, old: list[Any], listed: list[Any]) -> list[Any]:
    """Return the old values less the listed ones: of those that the path selects, where it has a condition.

    A listed value without a `type` means those of every type.
    """
    attribute, condition = path.path.attribute, path.condition
    gone = {_identity(attribute, value) for value in listed}
    return [
        value
        for value in old
        if (condition is not None and not value_matches(condition, value))
        or (
            _identity(attribute, value) not in gone
            and (not isinstance(value, Mapping) or _identity(attribute, {**value, "type": None}) not in gone)
        )
    ]


def _identity(attribute: Attribute, value: Any) -> Hashable:
    """Return what makes a value of a multi-valued attribute that value (RFC 7643 section 2.4: `value` and `type`)."""
    if not isinstance(value, Mapping):
        return comparison_key(attribute, value)
    inner = attribute.sub_attribute("value")
    if inner is None or "value" not in value:
        return repr(sorted((name, part) for name, part in value.items() if part is not None))
    return comparison_key(inner, value["value"]), value.get("type")


def _selected_changed(operation: Operation, old: list[Any], tolerance: Tolerance) -> list[Any]:
    """Apply an operation to the values that its condition selects, or to all where it has none."""
    condition = operation.path.condition
    chosen = {i for i, value in enumerate(old) if condition is None or value_matches(condition, value)}
    if not chosen:
        return _described_added(operation, old, tolerance)
    changed = [_changed(operation, value) if index in chosen else value for index, value in enumerate(old)]
    return [value for value in one_primary(changed, chosen) if value]


_MAKES_TARGET: Final = {Op.ADD: Leniency.ADD_MAKES_TARGET, Op.REPLACE: Leniency.REPLACE_MAKES_TARGET}


def _described_added(operation: Operation, old: list[Any], tolerance: Tolerance) -> list[Any]:
    """Apply an operation whose path selects nothing.

    Without a condition there is no value yet, and it is the first. With one, an add makes the value that the condition
    describes by `eq`, and so does a replace where the client is forgiven that; anything else raises `NoTarget` (RFC
    7644 section 3.5.2.3).
    """
    condition = operation.path.condition
    described = {} if condition is None else _equalities(condition)
    if condition is not None:
        detail = f"{operation.path.path}: the resource has no value that meets the condition."
        if described is None or operation.op not in _MAKES_TARGET:
            raise NoTarget(detail)
        tolerance.forgive(_MAKES_TARGET[operation.op], NoTarget, detail)
    described = described or {}
    if operation.value is None:
        return old
    # A replacement leaves nothing of a value that is there; of one that is made, what describes it belongs to it.
    made = {**described, **_changed(operation, described)}
    return one_primary([*old, made], [len(old)])


def _changed(operation: Operation, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return what becomes of one selected value; nothing is left of it where it is to go."""
    path = operation.path.path
    if path.sub_attribute is not None:
        changed = _with(value, path.sub_attribute.name, operation.value)
    else:
        kept = value if operation.op is Op.ADD else {}
        changed = present({**kept, **(operation.value or {})})
    if changed:
        _refuse_changed_part(path.attribute, value, changed)
    return changed


def _refuse_changed_part(attribute: Attribute, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Raise `Mutability` where an immutable part of a value becomes another one; a value may go as a whole."""
    for part in attribute.sub_attributes:
        if part.mutability is Writable.IMMUTABLE and part.name in old and new.get(part.name) != old[part.name]:
            raise Mutability(f"{attribute.name}.{part.name}: is immutable, and has another value already.")


def _equalities(condition: Filter) -> dict[str, Any] | None:
    """Return {"type": "work"} for `type eq "work"`, and the like for several with and; None for other conditions."""
    terms = condition.terms if isinstance(condition, And) else (condition,)
    described: dict[str, Any] = {}
    for term in terms:
        if not isinstance(term, Comparison) or term.operator is not Operator.EQUAL or term.value is None:
            return None
        described[term.path.leaf.name] = term.value
    return described


def _with(parts: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Return the parts with one of them set, or without it where the value is absent."""
    if _is_absent(value):
        return {key: part for key, part in parts.items() if key != name}
    return {**parts, name: value}


def _is_absent(value: Any) -> bool:
    return value is None or value in ({}, [])
