"""HTML: one file that stands alone, for people who decide and people who audit.

It asks for nothing, runs nothing, prints well, and reads well to a screen reader. Whatever came from outside is shown
as text: by the template's escaping, and once more by a content security policy that allows the one style sheet, named
by its digest, and nothing else. Source: W3C, Content Security Policy Level 3; WCAG 2.2.
"""

import base64
import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from syncd.core.severity import SEVERITIES, Severity
from syncd.core.situations import NO_DRIFT, Situation
from syncd.reporting import charts
from syncd.reporting.document import (
    Document,
    checkpoint_of,
    digest_of,
    findings_of,
    group_findings_of,
    provenance,
)

LISTED: Final = 1000
"""How many findings a page lists, the worst first; the other formats have all."""

RESULTS: Final = {
    0: "clean",
    1: "failed",
    2: "drift found",
    3: "Okta could not be read",
    4: "plan blocked",
    5: "plan was stale",
    6: "another run was at work",
    7: "done in part",
}
"""Exit codes in words."""

_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_TURNS_TEXT: Final = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_ACCEPTED: Final = Situation.OUT_OF_SCOPE.value


def as_page(document: Document) -> bytes:
    """Return the document as an HTML file in UTF-8."""
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = _environment().get_template("page.html")
    return page.render(style=Markup(style), style_digest=digest, **_context(document)).encode()  # noqa: S704  # ours


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("syncd.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(shown=shown, moment=moment, span=span)
    return environment


@cache
def _style() -> str:
    environment = _environment()
    return environment.get_template("page.css").render()


# ------------------------------------------------------------------ words


def shown(value: object) -> str:
    """Return a text with what cannot be seen spelt out: controls, and what turns the direction of writing."""
    return "".join(
        f"\\u{ord(one):04x}" if one in _TURNS_TEXT or unicodedata.category(one) in {"Cc", "Zl", "Zp"} else one
        for one in str(value)
    )


def moment(text: str | None) -> str:
    """Return a moment of the document as people write it, to the second, in UTC."""
    return f"{text[:10]} {text[11:19]} UTC" if text else ""


def span(seconds: int) -> str:
    """Return a length of time in its two greatest units."""
    for position, (size, name) in enumerate(_UNITS):
        if seconds >= size:
            rest = seconds % size
            smaller = _UNITS[position + 1 : position + 2]
            more = [f"{rest // one} {unit}" for one, unit in smaller if rest >= one]
            return " ".join([f"{seconds // size} {name}", *more])
    return "0 s"


# ------------------------------------------------------------------ what the page shows


def _context(document: Document) -> dict[str, Any]:
    found = findings_of(document)
    drifted = [one for one in found if one["situation"] not in NO_DRIFT]
    return {
        "document": document,
        "report": document["report"],
        "provenance": list(provenance(document)),
        "digest": digest_of(document),
        "severities": _severities(document),
        "situations": sorted(document["situations"], key=lambda row: list(Severity).index(Severity(row["severity"]))),
        "severity_chart": charts.columns((name.capitalize(), count, name) for name, count in _severities(document)),
        "trend": charts.columns((past["started"], past["drifted"], _kind(past)) for past in document["history"]),
        "trend_in_words": _trend_in_words(document["history"]),
        "histogram": charts.columns(
            (bar["label"], bar["count"], _lateness(bar, document["revocations"]["allowedSeconds"]))
            for bar in document["revocations"]["histogram"]
        ),
        "results": RESULTS,
        "waivers": _waivers(document, [*found, *group_findings_of(document)]),
        "accepted": [one for one in found if one["situation"] == _ACCEPTED],
        "undetermined": list(_undetermined(document)),
        "unknown": [one for one in found if one["situation"] == Situation.UNKNOWN][:LISTED],
        "findings": drifted[:LISTED],
        "drifted": len(drifted),
        "group_findings": group_findings_of(document)[:LISTED],
        "height": charts.HEIGHT,
        "width": charts.WIDTH,
    }


def _severities(document: Document) -> list[tuple[str, int]]:
    """Return how many findings in drift there are of each severity, the worst first.

    What a run counts and does not list (beyond the most that it looks at) has the severity of its situation.
    """
    listed = [*findings_of(document), *group_findings_of(document)]
    counts = Counter(one["severity"] for one in listed if one["situation"] not in NO_DRIFT)
    counted: Counter[str] = Counter()
    for row in document["situations"]:
        counted[row["situation"]] += row["count"] if row["drift"] else 0
    for situation, beyond in (counted - Counter(one["situation"] for one in listed)).items():
        counts[SEVERITIES[Situation(situation)].value] += beyond
    return [(severity.value, counts[severity.value]) for severity in Severity if severity is not Severity.INFO]


def _kind(past: Mapping[str, Any]) -> str:
    return "blind" if past["drifted"] is None else "run"


def _lateness(bar: Mapping[str, Any], allowed: int) -> str:
    if not allowed:
        return "run"
    return "late" if bar["upToSeconds"] is None or bar["upToSeconds"] > allowed else "run"


def _trend_in_words(history: Sequence[Mapping[str, Any]]) -> str:
    known = [past["drifted"] for past in history if past["drifted"] is not None]
    blind = len(history) - len(known)
    told = f"{len(history)} runs, the oldest first."
    if known:
        told += f" In drift: {known[0]} at first, {known[-1]} at last, {max(known)} at most."
    return told + (f" {blind} could say nothing." if blind else "")


def _waivers(document: Document, found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return each waiver with the findings that it accepts now."""
    accepted: dict[str, list[str]] = {}
    for one in found:
        if one["waiver"]:
            accepted.setdefault(one["waiver"], []).append(f"{one['userName'] or one.get('name')}: {one['situation']}")
    return [{**waiver, "accepts": accepted.get(waiver["waiver"], [])} for waiver in document["waivers"]]


def _undetermined(document: Document) -> Iterator[str]:
    """Yield in sentences what this report does not know."""
    if document["unknown"]:
        yield f"Subjects, groups and memberships of which nothing is concluded: {document['unknown']}."
    if document["leftOut"]:
        yield f"{document['leftOut'][:1].upper()}{document['leftOut'][1:]}."
    if document["report"]["groups"] is None:
        yield "Groups and memberships were not looked at: the configuration does not ask for them."
    blind = sum(past["drifted"] is None for past in document["history"])
    if blind:
        yield f"Runs that could say nothing, of the last {len(document['history'])}: {blind}; see the table of runs."
    lost = document["revocations"]["withoutBeginning"]
    if lost:
        yield f"Deactivations of which it is not known since when access should have ended: {lost}."
    if document["checkpoint"] is None:
        yield f"Checkpoint: {checkpoint_of(document)}."
