"""Whether an OSCAL document holds together: each id once, and something behind every reference.

The schema does not ask for that, and neither does compliance-trestle: a finding may point to an observation that is not
there, and still be valid.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

REFERENCES: Final = {
    "observation-uuid": "observations",
    "risk-uuid": "risks",
    "resource-uuid": "resources",
    "party-uuid": "parties",
}
"""The names of references, and the list in which what each points to has to be."""


def broken_references(document: Mapping[str, Any]) -> list[str]:
    """Return in words each id that is there twice, and each reference to nothing, in order; empty when all is well.

    `document` is any OSCAL model as JSON. References are the names of `REFERENCES`, and each `href` with a fragment
    alone, which names a resource of the back matter (NIST, OSCAL, "Referencing back matter").
    """
    defined: dict[str, list[str]] = {}
    wanted: list[tuple[str, str]] = []
    for place, name, value in _walk(document, ""):
        if name == "uuid":
            defined.setdefault(place, []).append(value)
        elif name in REFERENCES:
            wanted.append((REFERENCES[name], value))
        elif name == "href" and value.startswith("#"):
            wanted.append(("resources", value.removeprefix("#")))
    known = {place: set(ids) for place, ids in defined.items()}
    twice = [one for one, count in Counter(one for ids in defined.values() for one in ids).items() if count > 1]
    lost = [(place, one) for place, one in wanted if one not in known.get(place, ())]
    told = [f"{one} is there more than once" for one in twice]
    return sorted([*told, *(f"{one} is pointed to, and is not among the {place}" for place, one in lost)])


def _walk(value: Any, place: str) -> Iterator[tuple[str, str, str]]:
    """Yield the list that each text is in, its name, and the text."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if isinstance(inner, str):
                yield place, name, inner
            else:
                yield from _walk(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, place)
