"""The reconciler's ledger: who may reconcile, what was planned, and how each item ended."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from syncd.core.evidence import Closure
from syncd.core.guard import Spent
from syncd.core.planning import Item
from syncd.core.situations import Effect
from syncd.ports.source import SourceIdentity

OF_SOME: Final = " of some"
"""How the kind of a run ends that planned for some situations alone."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to reconcile one application. `token` grows with each holder and fences effects."""

    app: str
    holder: str
    token: int


class OutcomeKind(StrEnum):
    """How an item of a plan ended."""

    DONE = "done"
    SKIPPED = "skipped"
    WAITING = "waiting"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run of the ledger, for people: `state` is running, ended or failed; `counts` are situations or outcomes."""

    run_id: str
    kind: str
    state: str
    started: datetime
    ended: datetime | None
    exit_code: int | None
    plan_digest: str | None
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan as the ledger keeps it: the effects, what it was made from, and whether the guard lets it through.

    `identity` is what its snapshot was taken with, `approval` the id of the approval that it needs.
    """

    digest: str
    items: tuple[Item, ...]
    verdict: str
    allowed: bool
    snapshot_id: str
    policy: str
    identity: SourceIdentity
    approval: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerItem:
    """One item of a kept plan, and how it ended; `outcome` is None while it has not.

    `result_version` is the version that the account got by it, `concluded` when it ended.
    """

    position: int
    item: Item
    outcome: OutcomeKind | None = None
    reason: str | None = None
    result_version: int | None = None
    concluded: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run with its plan, as the ledger has them. `verdict` is the guard's: "allowed", or what it objects to."""

    record: RunRecord
    items: tuple[LedgerItem, ...]
    snapshot_id: str | None = None
    policy: str | None = None
    approval: str | None = None
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class KeptReport:
    """What the ledger has of a run's report: the run, and the document's bytes as they were kept, or None."""

    record: RunRecord
    document: bytes | None


class Runs(Protocol):
    """The reconciler's ledger: intention before effect, outcome with the effect."""

    def begin(self, kind: str, lease: Lease | None) -> str:
        """Write that a run of that kind ("drift-report", "dry-run", "apply", "undo", "delta") began; return its id.

        One that ends with `OF_SOME` is of a plan for some situations alone.

        With a lease, whatever run still counted as running has died: it failed, and what it had not concluded is
        abandoned.
        """

    def resumable(self, policy: str, within: timedelta) -> KeptRun | None:
        """Return the application's youngest run where it died while carrying out a plan, or None.

        The plan was let through, it was made with that policy and began within that time, and some of it is open.
        """

    def resume(self, run_id: str, lease: Lease) -> None:
        """Write that the run goes on under that lease."""

    def save_plan(self, run_id: str, plan: SavedPlan) -> None:
        """Keep the plan, item by item in order. Raises ValueError when there is no such run."""

    def intend(self, run_id: str, position: int) -> None:
        """Write that item `position` (from 0) is about to be carried out."""

    def conclude(
        self,
        run_id: str,
        position: int,
        outcome: OutcomeKind,
        reason: str,
        result_version: int | None = None,
        made: str | None = None,
    ) -> None:
        """Write how the item ended. Raises ValueError when it has ended already.

        `made` is the SCIM id of the account that there was not before, so that its events can be found by the item.
        """

    def spent(self) -> Mapping[Effect, Spent]:
        """Return how many effects were carried out in the last 24 hours and 7 days, by the database's clock.

        Every effect that takes access away is there, whatever kind of run had it.
        """

    def applied_with(self) -> tuple[str, SourceIdentity] | None:
        """Return policy digest and source identity of the youngest run that carried out a plan, or None."""

    def kept(self, run_or_digest: str) -> KeptRun | None:
        """Return the run of that id, or the youngest one whose plan has that digest, or None."""

    def about(self, account_id: str, limit: int) -> tuple[KeptRun, ...]:
        """Return the youngest runs that planned something about an account, youngest first, with those items alone."""

    def about_person(self, okta_user_id: str, limit: int) -> tuple[KeptRun, ...]:
        """Return the youngest runs that planned something for a person who had no account then, as `about` does."""

    def end(self, run_id: str, exit_code: int, counts: Mapping[str, int], lease: Lease | None = None) -> bool:
        """Write that the run ended and what it found. What it intended and never concluded is abandoned.

        Returns False, and writes nothing, when the run goes on under another lease than this one. Raises ValueError
        when there is no such run.
        """

    def latest(self, limit: int = 10, kinds: Collection[str] = ()) -> tuple[RunRecord, ...]:
        """Return the youngest runs first; those of these kinds only, where any are given."""

    def closures(self, within: timedelta) -> tuple[Closure, ...]:
        """Return the deactivations that were carried out within that time by the database's clock, oldest first."""

    def keep_report(self, run_id: str, document: bytes, lasting: timedelta) -> None:
        """Keep the report of a run, and drop those that were kept longer ago than that by the database's clock.

        Raises ValueError when there is no such run, or it has a report already: evidence is not written twice.
        """

    def report_of(self, run_id: str) -> KeptReport | None:
        """Return the run with its report, or None when there is no such run."""

    def between(self, start: datetime, end: datetime) -> tuple[RunRecord, ...]:
        """Return the runs that began from `start` up to, and without, `end`, oldest first."""
