"""Request bodies: bytes -> JSON object -> canonical document.

Nothing here recurses over what a client sent before its depth is known.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from scim.attribute_path import core_attribute
from scim.characteristics import refuse_missing
from scim.errors import InvalidSyntax, PayloadTooLarge, UnsupportedMediaType
from scim.exchange import MEDIA_TYPE, Limits, ScimRequest
from scim.resource import Document, Member
from scim.schema import Attribute, Mutability, ResourceType
from scim.tolerance import Leniency, Tolerance, or_default
from scim.values import canonical_parts, present, read_members

_JSON_TYPES: Final = {"application/json": Leniency.PLAIN_JSON, None: Leniency.NO_MEDIA_TYPE}
_DERIVED: Final = frozenset({"schemas", "members"})
_ELSEWHERE: Final = Attribute(name="", mutability=Mutability.READ_ONLY)
"""Stands for what a body may name and is not read as an attribute of the document."""
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_AS_SQUARE: Final = bytes.maketrans(b"{}", b"[]")


def decode_body(request: ScimRequest, limits: Limits, tolerance: Tolerance | None = None) -> dict[str, Any]:
    """Return the JSON object in the body of a request (RFC 7644 section 3.1, RFC 8259).

    Raises `UnsupportedMediaType`, `PayloadTooLarge`, and `InvalidSyntax` for what is not UTF-8, not JSON, nested too
    deep, no object, or names a member of an object twice. A body without a media type is taken for JSON.
    """
    if request.content_type != MEDIA_TYPE:
        _judge_type(request.content_type, or_default(tolerance))
    if len(request.body) > limits.body_bytes:
        raise PayloadTooLarge(f"The body has more than {limits.body_bytes} bytes.")
    skeleton = _without_strings(request.body)
    _refuse_depth(skeleton, limits.body_depth)
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise InvalidSyntax(f"The body is not JSON in UTF-8: {error.msg} at character {error.pos}.") from None
    if not isinstance(body, dict):
        raise InvalidSyntax("The body must be a JSON object.")
    if skeleton.count(b":") != _count_names(body):
        raise InvalidSyntax("An object in the body has the same member twice.")
    return body


def _judge_type(content_type: str | None, tolerance: Tolerance) -> None:
    detail = f"Send {MEDIA_TYPE} or application/json."
    if content_type not in _JSON_TYPES:
        raise UnsupportedMediaType(detail)
    tolerance.forgive(_JSON_TYPES[content_type], UnsupportedMediaType, f"Send {MEDIA_TYPE}.")


def read_resource(
    body: Mapping[str, Any], resource_type: ResourceType, tolerance: Tolerance | None = None
) -> tuple[Document, tuple[Member, ...] | None]:
    """Return the document that a client's representation of a resource stands for, and a group's members.

    For creation and replacement (RFC 7644 sections 3.3 and 3.5.1). Members are None where the body does not name them.
    What the client cannot write (`id`, `meta`, `groups`), what the schema does not have, `schemas` (it follows from the
    content) and `password` are left out. Raises `InvalidValue` for a value of a wrong type, or a required one that is
    missing, and what the client is not forgiven.
    """
    tolerance = or_default(tolerance)
    tolerance.judge_schemas(body, resource_type.schema.urn)

    def find(name: str) -> Attribute | None:
        attribute = core_attribute(resource_type, name)
        if attribute is None:
            return _ELSEWHERE if ":" in name and resource_type.extension(name) else None
        return _ELSEWHERE if attribute.name in _DERIVED else attribute

    document = present(canonical_parts(find, body, "", tolerance))
    for name, value in body.items():
        extension = resource_type.extension(name) if ":" in name else None
        if extension is not None and value is not None:
            parts = present(canonical_parts(extension.attribute, value, f"{extension.urn}:", tolerance))
            document |= {extension.urn: parts} if parts else {}
    refuse_missing(resource_type, document)
    return document, _members(body, tolerance) if resource_type.schema.attribute("members") else None


def _members(body: Mapping[str, Any], tolerance: Tolerance) -> tuple[Member, ...] | None:
    given = [value for name, value in body.items() if name.lower() == "members"]
    return read_members(given[-1], tolerance) if given else None


def _without_strings(body: bytes) -> bytes:
    """Return JSON text without its strings: in what is left, every bracket and colon is structure.

    A backslash stands only inside a string, and one that is escaped cannot escape: so with both kinds of pair gone,
    each quotation mark begins or ends a string.
    """
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(body.split(b'"')[::2])


def _refuse_depth(skeleton: bytes, depth: int) -> None:
    """Raise `InvalidSyntax` where brackets are nested deeper than `depth`; each round takes the innermost ones away."""
    if skeleton.count(b"{") + skeleton.count(b"[") <= depth:
        return
    brackets = skeleton.translate(_AS_SQUARE, _NOT_BRACKETS)
    for _ in range(depth):
        if not brackets:
            return
        brackets = brackets.replace(b"[]", b"")
    if brackets:
        raise InvalidSyntax(f"The body is nested deeper than {depth} levels, or its brackets do not match.")


def _count_names(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_count_names, value.values()))
    return sum(map(_count_names, value)) if isinstance(value, list) else 0
