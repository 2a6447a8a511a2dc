"""The summary of a pack as one page of HTML that stands alone: no script, nothing to load."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from html import escape
from typing import Final

from scim.resource import timestamp
from syncd.core.movements import REASONS, Movement, Outcome, Place
from syncd.core.occurrences import Kept
from syncd.evidence.tables import row_id
from syncd.workflows.collect_evidence import Evidence

SHOWN: Final = 200
_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem;width:100%}"
    "th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d0d7de;vertical-align:top}"
    "td{overflow-wrap:anywhere}.gap{border-left:4px solid #b42318;padding:.5rem 1rem;background:#fef3f2}"
    "@media print{body{margin:0;max-width:none}}"
)


def as_page(evidence: Evidence) -> bytes:
    """Return the page: UTF-8."""
    wanted = evidence.wanted
    span = f"{timestamp(wanted.period.start)} up to {timestamp(wanted.period.end)}"
    parts = [
        f"<h1>Evidence of {escape(wanted.app)}</h1>",
        f"<p>{span}, made {timestamp(wanted.now)}, bound to {evidence.newest.size} entries of the audit log.</p>",
        *_completeness(evidence),
        "<h2>Movements</h2>",
        _table(
            ("movement", "all", "joined", "not joined", "allowed", "median", "longest", "breaches"),
            _movements(evidence),
        ),
        "<h2>Breaches</h2>",
        _table(("row", "user name", "elapsed", "why"), _breaches(evidence)),
        "<h2>Events that were read from Okta</h2>",
        _table(("place", "events"), _places(evidence)),
        "<h2>Runs</h2>",
        _table(("what became of a moment at which a run was due", "times"), _schedule(evidence)),
        "<h2>Quarantines</h2>",
        _table(
            ("plan", "since", "ended", "by", "how", "reason"),
            (
                (
                    one.digest,
                    timestamp(one.since),
                    timestamp(one.ended) if one.ended else "",
                    one.ended_by,
                    one.outcome,
                    one.reason,
                )
                for one in evidence.quarantines
            ),
        ),
        f"<p>{len(evidence.population.unexplained)} effects here have no event in Okta: see unmatched.csv.</p>",
    ]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>Evidence of {escape(wanted.app)}</title><style>{_STYLE}</style>"
    )
    body = "\n".join(parts)
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{body}\n</body></html>\n'.encode()


def _completeness(evidence: Evidence) -> list[str]:
    if not evidence.gaps:
        return [f"<p>Complete: {escape(evidence.read.where)}, and every entry of the period is covered.</p>"]
    items = "".join(f"<li>{escape(gap)}</li>" for gap in evidence.gaps)
    return [f'<div class="gap"><p>This evidence is <strong>not complete</strong>:</p><ul>{items}</ul></div>']


def _movements(evidence: Evidence) -> Iterable[Sequence[object]]:
    for movement in Movement:
        own = [case for case in evidence.population.cases if case.movement is movement]
        done = [case for case in own if case.outcome is Outcome.MATCHED]
        took = sorted(case.elapsed for case in done if case.elapsed is not None)
        sla = evidence.wanted.slas[movement]
        late = sum(case.breaches(sla, evidence.wanted.now) for case in own)
        middle, longest = (_span(took[(len(took) - 1) // 2]), _span(took[-1])) if took else ("", "")
        yield (f"{movement.value}s", len(own), len(done), len(own) - len(done), _span(sla), middle, longest, late)


def _breaches(evidence: Evidence) -> Iterable[Sequence[object]]:
    wanted = evidence.wanted
    late = [case for case in evidence.population.cases if case.breaches(wanted.slas[case.movement], wanted.now)]
    for case in late[:SHOWN]:
        yield (row_id(case), case.user_name, _span(case.elapsed) if case.elapsed else "", REASONS[case.outcome])
    if len(late) > SHOWN:
        yield (f"and {len(late) - SHOWN} more: see population.csv",)


def _places(evidence: Evidence) -> Iterable[Sequence[object]]:
    counts = dict.fromkeys(Place, 0)
    for place in evidence.population.places.values():
        counts[place] += 1
    return [(place.value, count) for place, count in counts.items()]


def _schedule(evidence: Evidence) -> Iterable[Sequence[object]]:
    return [(kept.value, sum(one.kept is kept for one in evidence.schedule)) for kept in Kept]


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    lines = [f"<tr>{''.join(f'<td>{escape(_text(value))}</td>' for value in row)}</tr>" for row in rows]
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>" if lines else "<p>None.</p>"


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _span(span: timedelta) -> str:
    return str(timedelta(seconds=round(span.total_seconds())))
