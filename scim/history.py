"""What the youngest changes of a document replaced: enough to see it as it was, and bounded.

A store keeps this beside a document, so that a write that was made from an older version can be understood.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from scim.resource import Document

MOST_CHANGES: Final = 16
"""How many changes are remembered."""

MOST_BYTES: Final = 16_384
"""How large the memory of one resource may become, as JSON."""

Past = Mapping[str, Any]
"""`since`: the oldest version that is known. `changes`: [version that a change made, {attribute: what it replaced, or
null}], the youngest first. Plain JSON, so that a store can keep it as it is."""


def remember(past: Past | None, version: int, before: Document, after: Document) -> Past:
    """Return the memory after a change of `version` from `before` to `after`. The oldest changes give way to it.

    Without a memory, what was before `version` is unknown.
    """
    known = past or {"since": version, "changes": []}
    replaced = {name: before.get(name) for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    changes = [[version + 1, replaced], *known["changes"]]
    since = known["since"]
    while len(changes) > MOST_CHANGES or (changes and len(orjson.dumps(changes)) > MOST_BYTES):
        since = changes.pop()[0]
    return {"since": since, "changes": changes}


def as_it_was(past: Past | None, version: int, document: Document, wanted: int) -> Document | None:
    """Return the document as it was at version `wanted`, or None when that is not known.

    `document` is the one of today, at `version`.
    """
    if wanted == version:
        return document
    if past is None or not past["since"] <= wanted < version:
        return None
    then = dict(document)
    for made, replaced in past["changes"]:
        if made <= wanted:
            break
        then |= replaced
    return {name: value for name, value in then.items() if value is not None}
