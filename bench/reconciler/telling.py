"""The figures of the reconciler as text, beside what was asked for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.reconciler.measuring import MOST, Beside, Compared, Walked
from bench.tables import number, ratio, table
from bench.timing import Took

MOST_BY_JOIN: Final = 2.0
MOST_MEMORY: Final = 300.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured on one database.

    `walked` read the listing over HTTP in one process, which then compared it (`whole`). `alone` is a comparison in a
    process of its own, `beside` one next to the plain join. `many_...` are of a listing of which half differs, which
    was staged without HTTP: compared with a bound and without.
    """

    walked: Walked
    whole: Compared
    alone: Compared
    beside: Beside
    many_beside: Beside
    many_bounded: Compared
    many: Compared


def text_of(facts: str, accounts: int, percent: tuple[int, int], figures: Mapping[str, Figures]) -> str:
    """Return what was measured as a paragraph and three tables."""
    few, many = percent
    about = (
        f"{facts}\n{accounts:,} accounts and as many assignments, in pages of 500 from a simulated org in a process of"
        f" its own; {few} % differ. The second table is of a listing of which {many} % differ. In seconds by the clock;"
        " *work* is processor time of our process alone, so on PostgreSQL without the database's."
    )
    return "\n\n".join([about, _steps(figures), _many(figures), _goals(many, figures)])


def _steps(figures: Mapping[str, Figures]) -> str:
    head = ["", *(f"{database}, {what}" for database in figures for what in ("clock", "work"))]
    rows = [
        *(_took(title, [one.walked.steps[name] for one in figures.values()]) for name, title in _WALK.items()),
        *(
            _took(name, [one.alone.steps[name] for one in figures.values()])
            for name in ("compare", "classify and plan")
        ),
        _per_page(figures),
        *_beside([one.beside for one in figures.values()]),
    ]
    return table(head, rows)


_WALK: Final = {
    "begin": "begin: note the version of each account",
    "pull": "pull over HTTP: ask, parse, check",
    "stage": "stage, a transaction for each page",
    "seal": "seal, absences included",
}


def _took(title: str, took: Sequence[Took]) -> Sequence[str]:
    return title, *(number(value) for one in took for value in (one.wall, one.work))


def _per_page(figures: Mapping[str, Figures]) -> Sequence[str]:
    steps = ((step, one.walked) for one in figures.values() for step in ("pull", "stage"))
    return "for each page", *(
        f"{step} {walked.steps[step].wall * 1000 / walked.pages:.1f} ms" for step, walked in steps
    )


def _beside(measured: Sequence[Beside]) -> Iterator[Sequence[str]]:
    """Yield the medians of comparison and join."""
    yield _took("compare, classify and plan, median", [one.ours for one in measured])
    for form in dict.fromkeys(form for one in measured for form in one.plain):
        found = (one.plain.get(form) for one in measured)
        cells = ((number(took.wall), number(took.work)) if took else ("", "") for took in found)
        yield f"plain join, {form}, median", *(cell for pair in cells for cell in pair)
    yield (
        "by the quicker plain join",
        *(cell for one in measured for cell in (ratio(one.ratio), ratio(one.ratio_of_work))),
    )


def _many(figures: Mapping[str, Figures]) -> str:
    found = list(figures.values())
    rows = [
        ("subjects that differ", *(f"{one.many.kept:,}" for one in found)),
        (f"kept with a bound of {MOST:,}", *(f"{one.many_bounded.kept:,}" for one in found)),
        ("counted beyond it", *(f"{one.many_bounded.beyond:,}" for one in found)),
        ("compare and plan with the bound, s", *(number(_sum(one.many_bounded)) for one in found)),
        ("compare and plan without, s", *(number(one.many_beside.ours.wall) for one in found)),
        ("without, by the quicker plain join", *(ratio(one.many_beside.ratio) for one in found)),
        ("peak memory with the bound, MB", *(number(one.many_bounded.memory[1]) for one in found)),
        ("peak memory without, MB", *(number(one.many.memory[1]) for one in found)),
    ]
    return table(["", *figures], rows)


def _sum(compared: Compared) -> float:
    return sum(took.wall for took in compared.steps.values())


def _goals(many: int, figures: Mapping[str, Figures]) -> str:
    goals: list[tuple[str, float, str, Callable[[Figures], float]]] = [
        ("compare and plan by the plain join", MOST_BY_JOIN, "x", lambda one: one.beside.ratio),
        ("peak memory of compare and plan", MOST_MEMORY, " MB", lambda one: one.alone.memory[1]),
        ("peak memory of a whole run in one process", MOST_MEMORY, " MB", lambda one: one.whole.memory[1]),
        (f"peak memory with {many} % differing, bounded", MOST_MEMORY, " MB", lambda one: one.many_bounded.memory[1]),
    ]
    rows = []
    for text, bound, unit, measure in goals:
        for database, one in figures.items():
            found = measure(one)
            reached = "yes" if found <= bound else "NO"
            rows.append((f"{text}, {database}", f"<= {bound:g}{unit}", f"{found:,.2f}{unit}", reached))
    return table(("goal", "asked", "measured", "reached"), rows)
