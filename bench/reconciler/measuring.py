"""The steps of a run, each measured: what a child process is given to do, so that its memory is its own.

Nothing here asks the simulated org about single accounts, and nothing is carried out.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Final, NamedTuple

from bench.in_process.front_door import APP
from bench.reconciler.people import APP_ID, PAGE, People, Served
from bench.reconciler.plain_join import plain_joins
from bench.timing import Took, peak_memory, timed
from syncd.bootstrap.system import SystemClock, new_id
from syncd.core.changes import Cause
from syncd.core.classification import classify
from syncd.core.guard import Circumstances, judge_plan
from syncd.core.planning import make_plan
from syncd.core.policy import Policy
from syncd.okta_source.settings import OktaSettings
from syncd.okta_source.source import open_source
from syncd.ports import AssignmentPage, Comparison, SourceIdentity
from syncd.store import SqlDatabase, open_database

ROUNDS: Final = 3
MOST: Final = 20_000
"""How many subjects a comparison is asked for where it would find far more."""

_CAUSE: Final = Cause("bench")
_IDENTITY: Final = SourceIdentity(APP_ID, "Bench", "none", "none")


class Walked(NamedTuple):
    """A sealed snapshot, its numbers of pages and rows, and what each step took."""

    snapshot_id: str
    pages: int
    rows: int
    steps: Mapping[str, Took]


class Compared(NamedTuple):
    """What was compared, what each step took, and the peak memory in MB: before, and after."""

    in_sync: int
    kept: int
    beyond: int
    items: int
    steps: Mapping[str, Took]
    memory: tuple[float, float]


class Beside(NamedTuple):
    """Medians of what comparison with plan takes, and each form of the plain join."""

    ours: Took
    plain: Mapping[str, Took]

    @property
    def ratio(self) -> float:
        """How many times the quicker form of the plain join the comparison takes, by the clock."""
        return self.ours.wall / min(took.wall for took in self.plain.values())

    @property
    def ratio_of_work(self) -> float | None:
        """The same by processor time of our process; None where the work is done by a server, which is not seen."""
        quickest = min(self.plain.values(), key=lambda took: took.work)
        return self.ours.work / quickest.work if quickest.work > quickest.wall / 10 else None


def walk(url: str, people: People, org: Served | None) -> Walked:
    """Stage and seal a listing: as the org serves it, or without one as it would."""
    steps = {name: Took() for name in ("pull", "begin", "stage", "seal")}
    with _database(url) as database:
        with timed(steps["begin"]), database.transaction(APP, _CAUSE) as unit:
            run_id = unit.runs.begin("drift-report", None)
            snapshot_id = unit.staging.begin(run_id, _IDENTITY)
        pages = people.pages() if org is None else _served(org)
        for page in _pulled(pages, steps["pull"]):
            with timed(steps["stage"]), database.transaction(APP, _CAUSE) as unit:
                unit.staging.add_page(snapshot_id, page)
        with timed(steps["seal"]), database.transaction(APP, _CAUSE) as unit:
            manifest = unit.staging.seal(snapshot_id, _IDENTITY)
            unit.runs.end(run_id, 0, {})
    return Walked(snapshot_id, manifest.pages, manifest.rows, steps)


def compare(url: str, snapshot_id: str, most: int | None) -> Compared:
    """Compare and plan, once."""
    before = peak_memory()
    with _database(url) as database:
        return _compared(database, snapshot_id, most, before)


def whole_run(url: str, people: People, org: Served) -> tuple[Walked, Compared]:
    """Walk, compare and plan in one process."""
    walked = walk(url, people, org)
    return walked, compare(url, walked.snapshot_id, None)


def side_by_side(url: str, snapshot_id: str) -> Beside:
    """Compare and plan, and count by a plain join, in turn: once to warm up, and then for the medians."""
    plain = plain_joins(url, snapshot_id)
    ours: list[Took] = []
    theirs: dict[str, list[Took]] = {name: [] for name in plain}
    with _database(url) as database:
        for _ in range(1 + ROUNDS):
            steps = _compared(database, snapshot_id, None, 0.0).steps.values()
            ours.append(Took(sum(took.wall for took in steps), sum(took.work for took in steps)))
            for name, count in plain.items():
                theirs[name].append(count()[1])
    return Beside(_typical(ours), {name: _typical(took) for name, took in theirs.items()})


def _typical(took: Sequence[Took]) -> Took:
    return Took(median(one.wall for one in took[1:]), median(one.work for one in took[1:]))


def _compared(database: SqlDatabase, snapshot_id: str, most: int | None, before: float) -> Compared:
    policy, steps = Policy(), {"compare": Took(), "classify and plan": Took()}
    with timed(steps["compare"]), database.reading(APP) as unit:
        comparison = unit.staging.compare(snapshot_id, most)
    with timed(steps["classify and plan"]):
        items = _planned(comparison, policy)
    kept, beyond = len(comparison.differing), comparison.beyond + comparison.foreign_beyond
    return Compared(comparison.in_sync, kept, beyond, items, steps, (before, peak_memory()))


def _planned(comparison: Comparison, policy: Policy) -> int:
    plan = make_plan(APP, classify(comparison.differing, policy.protects), policy)
    judge_plan(plan, Circumstances(comparison.managed_active), policy)
    return len(plan.items)


def _served(org: Served) -> Iterator[AssignmentPage]:
    settings = OktaSettings(org.url, APP_ID, api_token=org.token, page_limit=PAGE)
    source = open_source(settings, announce=lambda _: None, clock=SystemClock())
    try:
        source.preflight()
        yield from source.pages()
    finally:
        source.close()


def _pulled(pages: Iterator[AssignmentPage], took: Took) -> Iterator[AssignmentPage]:
    while True:
        with timed(took):
            page = next(pages, None)
        if page is None:
            return
        yield page


@contextmanager
def _database(url: str) -> Iterator[SqlDatabase]:
    database = open_database(url, clock=SystemClock(), new_id=new_id)
    try:
        yield database
    finally:
        database.close()
