"""The figures of the audit log as text, beside what was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from bench.audit.pushing import CLIENTS, Pushed, Stretch
from bench.audit.sealer import Verified
from bench.samples import percentile
from bench.scale import Scale
from bench.tables import number, ratio, table
from bench.timing import Took

LEAST_SHARE: Final = 0.85
MOST_LAG: Final = 1.0
MOST_SECONDS: Final = 15.0
MOST_MEMORY: Final = 200.0
MILLION: Final = 1_000_000
_Goal = tuple[str, str, float, float | None, bool]


@dataclass(frozen=True, slots=True)
class AtSize:
    """What many events came to on one database: how many were sealed, what it took, and verifying them."""

    sealed: int
    sealing: Took
    verified: Verified


def text_of(facts: str, scale: Scale, pushed: Pushed | None, at_size: Mapping[str, AtSize]) -> str:
    """Return what was measured as paragraphs and tables; without PostgreSQL nothing was pushed."""
    parts = [facts]
    if pushed:
        parts += [_about_pushes(scale, pushed), _stretches(pushed.stretches), _sealing(pushed)]
    parts += [_sizes(at_size), _goals(pushed, at_size)]
    return "\n\n".join(parts)


def share(stretches: Sequence[Stretch]) -> float | None:
    """Return the median rate with the sequencer by the one without; None where there is none of one kind."""
    sealed, stopped = _rates(stretches, is_sealed=True), _rates(stretches, is_sealed=False)
    return median(sealed) / median(stopped) if sealed and stopped else None


def _of_pairs(stretches: Sequence[Stretch]) -> float | None:
    """Return the median of what `share` is for each two stretches that followed one another."""
    pairs = zip(stretches[::2], stretches[1::2], strict=False)
    found = [one for pair in pairs if (one := share(pair)) is not None]
    return median(found) if found else None


def lag(pushed: Pushed, part: float) -> float | None:
    """Return the seconds that this part of the events waited at most, of all stretches together."""
    return percentile([value for one in pushed.stretches for value in one.lags], part)


def _rates(stretches: Sequence[Stretch], *, is_sealed: bool) -> list[float]:
    return [one.sample.rate for one in stretches if one.is_sealed is is_sealed and one.sample.rate]


def _about_pushes(scale: Scale, pushed: Pushed) -> str:
    return (
        f"{CLIENTS} clients make accounts and close them; {len(pushed.stretches)} stretches of {scale.sealing_writes:,}"
        f" writes, with the sequencer and without, in turn: {pushed.acknowledged:,} writes were acknowledged."
    )


def _stretches(stretches: Sequence[Stretch]) -> str:
    kinds = [[one for one in stretches if one.is_sealed is is_sealed] for is_sealed in (False, True)]
    rates = [[one.sample.rate for one in kind] for kind in kinds]
    works = [[one.sample.cpu * 1000 / len(one.sample.seconds) for one in kind if one.sample.seconds] for kind in kinds]
    sealers = [[one.sealer * 1000 / len(one.sample.seconds) for one in kind if one.sample.seconds] for kind in kinds]
    waits = [[value for one in kind if (value := percentile(one.sample.seconds, 0.99)) is not None] for kind in kinds]
    rows = [
        ("right answers a second, median", *map(_median, rates), ratio(share(stretches))),
        ("median of the pairs", "", "", ratio(_of_pairs(stretches))),
        ("slowest and fastest stretch", *(f"{number(min(one))} to {number(max(one))}" for one in rates), ""),
        ("99 % of answers below, ms, median", *(_median([value * 1000 for value in one]) for one in waits), ""),
        ("processor time of the server, ms an answer", *map(_median, works), ""),
        ("of the sequencer, ms an answer", *map(_median, sealers), ""),
        ("wrong answers", *(f"{sum(one.sample.wrong.total() for one in kind):,}" for kind in kinds), ""),
    ]
    return table(["pushes, PostgreSQL", "stopped", "sealing", "sealing by stopped"], rows)


def _median(values: Sequence[float]) -> str:
    return number(median(values)) if values else ""


def _sealing(pushed: Pushed) -> str:
    sealed = [one for one in pushed.stretches if one.is_sealed]
    events, seconds = (sum(one[place] for one in pushed.backlogs) for place in (0, 1))
    rows = [
        ("events of which it is known how long they waited", f"{sum(len(one.lags) for one in sealed):,}"),
        ("waited, median, s", number(lag(pushed, 0.5))),
        ("waited, 99 %, s", number(lag(pushed, 0.99))),
        ("waited, all, s", number(lag(pushed, 1.0))),
        ("waited at the end of a stretch, median, events", number(median(one.waited for one in sealed))),
        ("backlogs of the other stretches, sealed, events a second", number(events / seconds) if seconds else ""),
        ("acknowledged writes without an event", f"{pushed.acknowledged - pushed.events:,}"),
        ("entries, verified with the heads outside", f"{pushed.verified.entries:,}"),
        ("faults", "; ".join(pushed.verified.faults) or "none"),
    ]
    return table(["sealing beside pushes", ""], rows)


def _sizes(at_size: Mapping[str, AtSize]) -> str:
    found = list(at_size.values())
    rows = [
        ("events", *(f"{one.sealed:,}" for one in found)),
        ("sealed, events a second", *(number(one.sealed / one.sealing.wall) for one in found)),
        ("sealed, processor time, us an event", *(number(one.sealing.work * 1e6 / one.sealed) for one in found)),
        ("verified, s", *(number(one.verified.took.wall) for one in found)),
        ("verified, processor time, s", *(number(one.verified.took.work) for one in found)),
        ("peak memory, MB", *(number(one.verified.memory) for one in found)),
        ("faults", *("; ".join(one.verified.faults) or "none" for one in found)),
    ]
    return table(["many events", *at_size], rows)


def _goals(pushed: Pushed | None, at_size: Mapping[str, AtSize]) -> str:
    goals: list[_Goal] = []
    if pushed:
        goals += [
            ("rate of pushes with the sequencer by that without", "x", LEAST_SHARE, share(pushed.stretches), False),
            ("an event waits, 99 %", " s", MOST_LAG, lag(pushed, 0.99), True),
            ("deadlocks that the database counted", "", 0, pushed.deadlocks, True),
            ("faults in the log after the pushes", "", 0, len(pushed.verified.faults), True),
            ("acknowledged writes without an event", "", 0, pushed.acknowledged - pushed.events, True),
        ]
    for database, one in at_size.items():
        entries, seconds = one.verified.entries, MOST_SECONDS * one.verified.entries / MILLION
        goals += [
            (f"verify {entries:,} entries, {database}", " s", seconds, one.verified.took.wall, True),
            (f"peak memory of that, {database}", " MB", MOST_MEMORY, one.verified.memory, True),
        ]
    return table(("goal", "asked", "measured", "reached"), [_row(*goal) for goal in goals])


def _row(text: str, unit: str, bound: float, found: float | None, at_most: bool) -> Sequence[str]:
    asked = f"{'<=' if at_most else '>='} {bound:g}{unit}"
    if found is None:
        return text, asked, "not measured", "?"
    reached = found <= bound if at_most else found >= bound
    return text, asked, f"{found:,.2f}{unit}" if unit else f"{found:,}", "yes" if reached else "NO"
