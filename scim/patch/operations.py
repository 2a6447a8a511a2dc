"""The body of a PATCH request -> operations, each on one attribute, with a canonical value.

Whether the body is well formed, names what the schema has and brings values of the right type is decided here, before
any resource is read. An operation without a path becomes one operation for each attribute that it names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from scim import urns
from scim.attribute_path import AttributePath, resolve
from scim.errors import InvalidPath, InvalidSyntax, InvalidValue, Mutability, NoTarget, PayloadTooLarge
from scim.exchange import Limits
from scim.filter.parser import parse_path
from scim.filter.syntax import PatchPath
from scim.schema import Mutability as Writable
from scim.schema import ResourceType, Schema, Type
from scim.tolerance import Leniency, Tolerance, or_default
from scim.values import canonical, canonical_values, complex_parts, is_kept, read_members, unknown

MEMBERS: Final = "members"

_NO_VALUE: Final = 'remove has no value: name what is to go in a filter, as in members[value eq "id"].'


class Op(StrEnum):
    """What an operation does (RFC 7644 section 3.5.2). Clients write these in any case."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation on one attribute.

    `value` is canonical, and None where the attribute, or what `path` selects of it, is to be without a value. For
    `members` it is a tuple of `Member`. For complex attributes it holds the parts to assign, None for those to clear.
    """

    op: Op
    path: PatchPath
    value: Any = None


def read_patch(
    body: Mapping[str, Any], resource_type: ResourceType, limits: Limits, tolerance: Tolerance | None = None
) -> tuple[Operation, ...]:
    """Return the operations of a PATCH body in the order they are to be applied.

    Passwords are left out, and so is, from values without a path, what is read-only and what
    the schema does not have. Raises `InvalidSyntax`, `InvalidPath`, `InvalidValue`, `Mutability`, `NoTarget`, and
    `PayloadTooLarge` for more than `limits.patch_operations`.
    """
    tolerance = or_default(tolerance)
    tolerance.judge_schemas(body, urns.PATCH_OP)
    given = _lower(body).get("operations")
    if not isinstance(given, list) or not given:
        raise InvalidSyntax("The body needs a list of Operations (RFC 7644 section 3.5.2).")
    if len(given) > limits.patch_operations:
        raise PayloadTooLarge(f"At most {limits.patch_operations} operations in one request, got {len(given)}.")
    return tuple(operation for item in given for operation in _read(item, resource_type, tolerance))


def _read(item: Any, resource_type: ResourceType, tolerance: Tolerance) -> list[Operation]:
    if not isinstance(item, Mapping):
        raise InvalidSyntax("Each of Operations must be an object.")
    fields = _lower(item)
    op, path = _op(fields.get("op"), tolerance), fields.get("path")
    if path is None or path == "":
        tolerance.forgive(Leniency.WITHOUT_PATH, InvalidSyntax, f"{op}: an operation needs a path.")
        return _without_path(op, fields.get("value"), resource_type, tolerance)
    if not isinstance(path, str):
        raise InvalidPath("A path must be a string.")
    if op is not Op.REMOVE and "value" not in fields:
        raise InvalidValue(f"{path}: {op} needs a value.")
    if resource_type.extension(path):
        tolerance.forgive(Leniency.EXTENSION_AS_PATH, InvalidPath, f"{path}: is no attribute.")
        op = Op.REPLACE if op is Op.REMOVE else op
        return _without_path(op, {path: fields.get("value")}, resource_type, tolerance)
    return _with_path(op, parse_path(path, resource_type), fields.get("value"), tolerance)


def _op(given: Any, tolerance: Tolerance) -> Op:
    try:
        op = Op(given.lower())
    except (AttributeError, ValueError):
        raise InvalidSyntax("op must be add, remove or replace.") from None
    if given != op:
        tolerance.forgive(Leniency.OP_IN_ANY_CASE, InvalidSyntax, f"op must be {op}.")
    return op


def _without_path(op: Op, value: Any, resource_type: ResourceType, tolerance: Tolerance) -> list[Operation]:
    """Read a value that names its attributes itself: by name, by path, or by the URN of an extension.

    Unknown names are left out as in any body, unless there is nothing else.
    """
    if op is Op.REMOVE:
        raise NoTarget("remove needs a path (RFC 7644 section 3.5.2.2).")
    if not isinstance(value, Mapping):
        raise InvalidValue(f"{op} without a path needs an object that names attributes.")
    named = [_named(op, name, part, resource_type, tolerance) for name, part in value.items()]
    known = [operations for operations in named if operations is not None]
    if not known:
        raise InvalidPath(f"Nothing in the value is an attribute of {resource_type.name}.")
    if len(known) < len(named):
        unknown("", tolerance)
    return [operation for operations in known for operation in operations]


def _named(op: Op, name: str, value: Any, resource_type: ResourceType, tolerance: Tolerance) -> list[Operation] | None:
    """Return the operations on what `name` stands for, none for what is not the client's to write; None if unknown."""
    extension = resource_type.extension(name)
    if extension is not None:
        return _on_extension(op, extension, value, tolerance)
    target = parse_path(name, resource_type) if "[" in name else _target(name, resource_type)
    if target is None:
        return None
    if name.lower() != target.path.attribute.name.lower():
        tolerance.forgive(Leniency.PATH_AS_NAME, InvalidPath, f"{target.path}: is a path, and no name of an attribute.")
    if target.condition is None and _is_ignored(target.path, tolerance):
        return []
    return _with_path(op, target, value, tolerance)


def _target(name: str, resource_type: ResourceType) -> PatchPath | None:
    path = resolve(resource_type, name)
    return None if path is None else PatchPath(path)


def _is_ignored(path: AttributePath, tolerance: Tolerance) -> bool:
    """Return whether what a value names is to be left out. Raises `Mutability` where the client is not forgiven it."""
    refusal = _refusal(path)
    if refusal:
        tolerance.forgive(Leniency.READ_ONLY_WITHOUT_PATH, Mutability, f"{path}: {refusal}")
    return refusal is not None


def _on_extension(op: Op, extension: Schema, value: Any, tolerance: Tolerance) -> list[Operation] | None:
    """Read an operation on all of an extension: remove and null clear it, an object assigns the attributes it names.

    Returns None where it names none.
    """
    if op is Op.REMOVE or value is None:
        op, value = Op.REMOVE, {attribute.name: None for attribute in extension.attributes}
    if not isinstance(value, Mapping):
        raise InvalidValue(f"{extension.urn}: expected an object.")
    named = [(extension.attribute(name), part) for name, part in value.items()]
    known = [(PatchPath(AttributePath(attribute, None, extension)), part) for attribute, part in named if attribute]
    if not known:
        return None
    if len(known) < len(named):
        unknown(f"{extension.urn}:", tolerance)
    if op is Op.REMOVE:
        targets = [(target, part) for target, part in known if not _refusal(target.path)]
    else:
        targets = [(target, part) for target, part in known if not _is_ignored(target.path, tolerance)]
    return [operation for target, part in targets for operation in _with_path(op, target, part, tolerance)]


def _with_path(op: Op, target: PatchPath, value: Any, tolerance: Tolerance) -> list[Operation]:
    path = target.path
    refusal = _refusal(path)
    if refusal:
        raise Mutability(f"{path}: {refusal}")
    if not (is_kept(path.attribute) and is_kept(path.leaf)):
        return []
    if path.attribute.name == MEMBERS:
        return [_on_members(op, target, value, tolerance)]
    given = _removed(path, value, tolerance) if op is Op.REMOVE else _assigned(target, value, tolerance)
    return [Operation(op, target, given)]


def _refusal(path: AttributePath) -> str | None:
    """Return why a client may not write there, or None."""
    if path.attribute.name == "schemas":
        return "follows from the attributes that the resource has."
    read_only = Writable.READ_ONLY in (path.attribute.mutability, path.leaf.mutability)
    return "is read-only." if read_only else None


def _on_members(op: Op, target: PatchPath, value: Any, tolerance: Tolerance) -> Operation:
    if target.path.sub_attribute is not None:
        raise Mutability(f"{target.path}: a member cannot be changed, only added and removed as a whole.")
    if target.condition is None:
        if op is Op.REMOVE and value is None:
            return Operation(op, target)
        if op is Op.REMOVE:
            tolerance.forgive(Leniency.REMOVE_LISTED, InvalidValue, _NO_VALUE)
        return Operation(op, target, read_members(value, tolerance))
    if op is not Op.REMOVE:
        raise InvalidPath(f"members[...]: cannot {op} what a filter selects; name the members in the value.")
    return Operation(op, target)


def _removed(path: AttributePath, value: Any, tolerance: Tolerance) -> list[Any] | None:
    """Return the values that a remove on a multi-valued attribute lists, or None: then it means all of them."""
    if path.sub_attribute is not None or not path.attribute.multi_valued or value is None:
        return None
    tolerance.forgive(Leniency.REMOVE_LISTED, InvalidValue, _NO_VALUE)
    return canonical_values(path.attribute, value, str(path), tolerance)


def _assigned(target: PatchPath, value: Any, tolerance: Tolerance) -> Any:
    path, attribute = target.path, target.path.attribute
    if path.sub_attribute is not None:
        return canonical(path.sub_attribute, value, str(path), tolerance)
    if attribute.type is not Type.COMPLEX:
        return canonical(attribute, value, str(path), tolerance)
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Mapping) and item and not any(map(attribute.sub_attribute, item)):
            raise InvalidPath(f"{path}: nothing in the value is a sub-attribute of it.")
    if attribute.multi_valued and target.condition is None:
        return canonical(attribute, value, str(path), tolerance)
    if value == "":
        tolerance.forgive(Leniency.EMPTY_AS_ABSENT, InvalidValue, f"{path}: expected a value, or null.")
    return None if value is None or value == "" else complex_parts(attribute, value, str(path), tolerance)


def _lower(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in fields.items()}
