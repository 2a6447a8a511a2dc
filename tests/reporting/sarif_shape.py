"""What SARIF 2.1.0 wants of the objects that we write: their names, types and values, and which of them are required.

Our own words of OASIS' specification, sections 3.13 to 3.52, as JSON Schema; any other name is a mistake.
"""

from typing import Any

TEXT = {"type": "string"}
BAG = {"type": "object", "properties": {"tags": {"type": "array", "items": TEXT, "uniqueItems": True}}}
MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
LEVEL = {"enum": ["none", "note", "warning", "error"]}


def thing(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    """Return the schema of an object with these names and a property bag."""
    return {
        "type": "object",
        "properties": {**properties, "properties": BAG},
        "required": list(required),
        "additionalProperties": False,
    }


def some(items: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the schema of a list."""
    return {"type": "array", "items": items, **more}


MESSAGE = thing(("text",), text=TEXT, markdown=TEXT, id=TEXT, arguments=some(TEXT))
STRINGS = thing(("text",), text=TEXT, markdown=TEXT)
RULE = thing(
    ("id",),
    id=TEXT,
    name=TEXT,
    shortDescription=STRINGS,
    fullDescription=STRINGS,
    help=STRINGS,
    helpUri={"type": "string", "format": "uri"},
    defaultConfiguration=thing(enabled={"type": "boolean"}, level=LEVEL, rank={"type": "number"}),
)
PLACE = thing(name=TEXT, fullyQualifiedName=TEXT, decoratedName=TEXT, kind=TEXT, index={"type": "integer"})
SUPPRESSION = thing(
    ("kind",),
    kind={"enum": ["inSource", "external"]},
    status={"enum": ["accepted", "underReview", "rejected"]},
    justification=TEXT,
)
RESULT = thing(
    ("message",),
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": -1},
    kind={"enum": ["notApplicable", "pass", "fail", "review", "open", "informational"]},
    level=LEVEL,
    message=MESSAGE,
    locations=some(thing(logicalLocations=some(PLACE, minItems=1, uniqueItems=True))),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    suppressions=some(SUPPRESSION, uniqueItems=True),
)
INVOCATION = thing(
    ("executionSuccessful",),
    executionSuccessful={"type": "boolean"},
    startTimeUtc=MOMENT,
    endTimeUtc=MOMENT,
    exitCode={"type": "integer"},
    exitCodeDescription=TEXT,
)
RUN = thing(
    ("tool",),
    tool=thing(("driver",), driver=thing(("name",), name=TEXT, rules=some(RULE, uniqueItems=True))),
    automationDetails=thing(id=TEXT),
    invocations=some(INVOCATION),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=some(RESULT),
)
LOG = {
    "type": "object",
    "properties": {"$schema": {"type": "string", "format": "uri"}, "version": {"const": "2.1.0"}, "runs": some(RUN)},
    "required": ["version", "runs"],
    "additionalProperties": False,
}
