"""A full-resource write that was made from an older version (RFC 7644 section 3.5.1).

Okta reads a user, edits the JSON, and puts all of it back, without If-Match. What it did not mean to change is as old
as what it read: an `active` that is true in it may have become false since. So only what the client changed is written.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from scim.resource import Document
from scim.schema import ResourceType, Returned

UNKNOWN_VERSION: Final = 0
"""A version that no resource ever had."""

_TAG: Final = re.compile(r'(?:W/)?"([1-9][0-9]{0,17})"')
_HIDDEN: Final = frozenset({Returned.NEVER, Returned.REQUEST})


def version_worked_from(body: Mapping[str, Any]) -> int | None:
    """Return the version that a representation names in `meta.version`, or None where it names none.

    What is there and is no version of ours is `UNKNOWN_VERSION`.
    """
    meta = next((value for name, value in body.items() if name.lower() == "meta"), None)
    if not isinstance(meta, Mapping):
        return None
    tag = next((value for name, value in meta.items() if name.lower() == "version"), None)
    if tag is None:
        return None
    match = _TAG.fullmatch(tag) if isinstance(tag, str) else None
    return int(match[1]) if match else UNKNOWN_VERSION


def merge(base: Document, theirs: Document, current: Document, resource_type: ResourceType) -> Document:
    """Return `current` with what differs between `base`, which the client read, and `theirs`, which it sent.

    Parts of single-valued complex attributes and of extensions are compared one by one, a multi-valued attribute as a
    whole. What a client is never shown it cannot have meant to remove.
    """
    theirs = _with_hidden(base, theirs, resource_type)
    return _merged(base, theirs, current)


def replace_blindly(theirs: Document, current: Document) -> Document:
    """Return `theirs`, made from a version that nobody remembers: it may close an account, and does not open one."""
    if "active" not in theirs or current.get("active") is True:
        return theirs
    closed = {name: value for name, value in theirs.items() if name != "active"}
    return {**closed, "active": current["active"]} if "active" in current else closed


def _merged(base: Mapping[str, Any], theirs: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
    merged = {}
    for name in (*current, *(name for name in theirs if name not in current)):
        value = _chosen(base.get(name), theirs.get(name), current.get(name))
        if value not in (None, {}):
            merged[name] = value
    return merged


def _chosen(base: Any, theirs: Any, current: Any) -> Any:
    if theirs == base:
        return current
    if isinstance(theirs, Mapping) or (isinstance(base, Mapping) and theirs is None):
        return _merged(base or {}, theirs or {}, current or {})
    return theirs


def _with_hidden(base: Document, theirs: Document, resource_type: ResourceType) -> Document:
    """Return what a client sent, with what it was not shown as it was."""
    hidden = {
        attribute.name: base[attribute.name]
        for attribute in resource_type.schema.attributes
        if attribute.returned in _HIDDEN and attribute.name in base and attribute.name not in theirs
    }
    whole = {**theirs, **hidden}
    for extension in resource_type.extensions:
        shown, was = whole.get(extension.urn, {}), base.get(extension.urn, {})
        kept = {
            attribute.name: was[attribute.name]
            for attribute in extension.attributes
            if attribute.returned in _HIDDEN and attribute.name in was and attribute.name not in shown
        }
        if kept:
            whole[extension.urn] = {**shown, **kept}
    return whole
