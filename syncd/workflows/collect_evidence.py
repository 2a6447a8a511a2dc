"""Collect the evidence of a period: the population, what was done here, and the entries of the log that prove it.

Okta was asked before. What is read here is read in an order in which nothing can seem done that was not: accounts as
they are, then the log, which has at least what made them so.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from syncd.core.changes import Action
from syncd.core.movements import KnownAccount, Movement, Period, Population, join
from syncd.core.occurrences import Occurred, Occurrence, occurrences
from syncd.cron import fires, parse
from syncd.ports import Database, Quarantine, RunRecord
from syncd.ports.audit import AuditLog, SignedCheckpoint
from syncd.workflows.evidence import OVER_EVERYBODY
from syncd.workflows.log_effects import effects_of
from syncd.workflows.log_records import Entry, Excerpt, Head, Record, read_excerpt
from syncd.workflows.read_log import ReadLog
from syncd.workflows.running import ExitCode

FOUND_OUT: Final = frozenset({ExitCode.CLEAN, ExitCode.DRIFT, ExitCode.BLOCKED, ExitCode.STALE_PLAN, ExitCode.PARTIAL})
_AT_ONCE: Final = 500


class NothingSealedError(Exception):
    """There is no signed checkpoint that evidence could be bound to; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What evidence is asked for: of which application, of which period, held against how long things may take.

    `now` is when it is made; `schedule` is the cron expression of the application's runs.
    """

    app: str
    okta_app_id: str
    period: Period
    now: datetime
    slas: Mapping[Movement, timedelta]
    schedule: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was collected. `gaps` are the reasons, in words, why it is not everything; empty where it is.

    `sealed_by` has the first checkpoint that covers an entry, by the number of the entry.
    """

    wanted: Wanted
    read: ReadLog
    population: Population
    records: tuple[Record, ...]
    heads: tuple[Head, ...]
    newest: SignedCheckpoint
    sealed_by: Mapping[int, SignedCheckpoint]
    runs: tuple[RunRecord, ...]
    schedule: tuple[Occurrence, ...]
    quarantines: tuple[Quarantine, ...]
    gaps: tuple[str, ...] = field(default=())


def collect(database: Database, log: AuditLog, wanted: Wanted, read: ReadLog) -> Evidence:
    """Return the evidence of a period.

    Raises `NothingSealedError` where no checkpoint was signed yet, and `BrokenLogError` where the log is not whole.
    """
    period = wanted.period
    people = sorted({one for event in read.events for one in event.user_ids})
    accounts = _accounts(database, wanted.app, people)
    with database.reading(wanted.app) as unit:
        runs = unit.runs.between(period.start, period.end)
        later = unit.runs.between(period.end, wanted.now)
        quarantines = tuple(one for one in unit.decisions.quarantines(ended=True) if _stood(one, period))
    with log.reading_log() as reader:
        newest = reader.newest_checkpoint()
        if newest is None:
            raise NothingSealedError(
                "no checkpoint of the audit log was signed yet, so nothing could be proved. Make a key with "
                "`syncd audit init-key`, and let the worker run until it has signed one"
            )
        excerpt = read_excerpt(reader, newest, wanted.app, min(period.start, read.since))
        entries = excerpt.entries
        kinds = {run.run_id: run.kind for run in (*runs, *later)}
        owners = _owners(database, wanted.app, entries, accounts)
        population = join(read.events, effects_of(entries, kinds, owners), accounts, period)
        chosen = _chosen(entries, population, period)
        records = tuple(excerpt.prove(entry) for entry in chosen)
        sealed_by = excerpt.sealed_by(entry.seq for entry in chosen)
        heads = tuple(excerpt.head(one) for one in dict.fromkeys((*sealed_by.values(), newest)))
    gaps = (*([read.lacking] if read.lacking else []), *_unsealed(excerpt, wanted))
    schedule = _schedule(wanted, (*runs, *later))
    return Evidence(
        wanted, read, population, records, heads, newest, sealed_by, runs, schedule, quarantines, tuple(gaps)
    )


def _accounts(database: Database, app: str, keys: Sequence[str]) -> tuple[KnownAccount, ...]:
    """Return the accounts that carry one of these Okta user ids, as they are now."""
    found: dict[str, KnownAccount] = {}
    for at in range(0, len(keys), _AT_ONCE):
        with database.reading(app) as unit:
            for key in keys[at : at + _AT_ONCE]:
                for one in unit.find_accounts(key):
                    if one.external_id == key and (key not in found or one.active):
                        found[key] = KnownAccount(one.id, one.user_name, key, one.active)
    return tuple(found.values())


def _owners(
    database: Database, app: str, entries: Sequence[Entry], accounts: Collection[KnownAccount]
) -> dict[str, str]:
    """Return the Okta user id of each account that entries are about, as far as it is known."""
    owners = {one.account_id: one.okta_user_id for one in accounts}
    for entry in entries:
        if entry.okta_user_id and entry.subject_id:
            owners.setdefault(entry.subject_id, entry.okta_user_id)
    subjects = {entry.subject_id for entry in entries if entry.is_account and entry.subject_id}
    unknown = sorted(subjects - owners.keys())
    for at in range(0, len(unknown), _AT_ONCE):
        with database.reading(app) as unit:
            for account_id in unknown[at : at + _AT_ONCE]:
                for one in unit.find_accounts(account_id):
                    if one.id == account_id and one.external_id:
                        owners[account_id] = one.external_id
    return owners


def _chosen(entries: Sequence[Entry], population: Population, period: Period) -> list[Entry]:
    """Return the entries that are evidence: those of the period, and those that a movement of it is joined to."""
    joined = {case.effect.entry for case in population.cases if case.effect}
    return [entry for entry in entries if entry.at in period or entry.seq in joined]


def _unsealed(excerpt: Excerpt, wanted: Wanted) -> Iterator[str]:
    beyond = [entry for entry in excerpt.uncovered if entry.app == wanted.app and entry.at in wanted.period]
    if beyond:
        yield f"{len(beyond)} entries of the period are behind the newest checkpoint: pack again when it is signed"
    if excerpt.pending and excerpt.pending_since and excerpt.pending_since < wanted.period.end:
        yield f"{excerpt.pending} events wait to be sealed, the oldest since {excerpt.pending_since.isoformat()}"


def _stood(quarantine: Quarantine, period: Period) -> bool:
    return quarantine.since < period.end and (quarantine.ended is None or quarantine.ended >= period.start)


def _schedule(wanted: Wanted, runs: Collection[RunRecord]) -> tuple[Occurrence, ...]:
    due = list(fires(parse(wanted.schedule), wanted.period.start, wanted.period.end))
    over_everybody = [
        Occurred(run.run_id, run.started, run.ended, run.exit_code) for run in runs if run.kind in OVER_EVERYBODY
    ]
    return occurrences(due, over_everybody, wanted.now, FOUND_OUT)


def policies_of(records: Sequence[Record]) -> dict[str, Any]:
    """Return the digest of the policy that each run was made with, by run."""
    started = (one.entry for one in records if one.entry.action == Action.RUN_STARTED)
    return {entry.detail["run"]: entry.detail.get("policy") for entry in started if "run" in entry.detail}
