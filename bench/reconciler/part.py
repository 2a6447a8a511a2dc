"""The measurement of the reconciler, on SQLite and on PostgreSQL: load, walk, compare, tell."""

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

from bench.about import machine, machine_in_words
from bench.document import DOCUMENT, RESULTS, write_section
from bench.in_process.databases import POSTGRESQL, databases
from bench.options import Options
from bench.progress import say
from bench.reconciler.accounts import load_accounts
from bench.reconciler.measuring import MOST, compare, side_by_side, walk, whole_run
from bench.reconciler.org import serving
from bench.reconciler.people import People, Served
from bench.reconciler.telling import Figures, text_of
from bench.servers import postgres
from bench.timing import SPAWN, alone
from syncd.bootstrap.system import SystemClock

FEW, MANY = 1, 50
"""Percent of the accounts of which the listing says something else."""


def measure_reconciler(options: Options) -> Path:
    """Measure, print the tables, write the results, and return where they are."""
    facts = machine(options.postgres_url)
    say(machine_in_words(facts))
    with databases(options.postgres_url) as urls:
        say(f"loading {options.users:,} users, the databases at the same time")
        with ProcessPoolExecutor(max_workers=len(urls), mp_context=SPAWN) as pool:
            for loading in [pool.submit(_load, database, url, options.users) for database, url in urls.items()]:
                loading.result()
        say("filling the simulated org")
        with serving(People(options.users, FEW)) as org:
            figures = {database: _measured(database, url, options.users, org) for database, url in urls.items()}
    text = text_of(machine_in_words(facts), options.users, (FEW, MANY), figures)
    say(f"\n{text}\n")
    path = RESULTS / f"reconciler-{options.users}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = {database: asdict(one) for database, one in figures.items()}
    path.write_text(json.dumps({"about": facts, "users": options.users, "figures": plain}, indent=1))
    if options.document:
        write_section(DOCUMENT, "reconciler", text)
    return path


def _load(database: str, url: str, users: int) -> None:
    load_accounts(url, users, SystemClock(), lambda line: say(f"  {database}: {line}"))
    if database == POSTGRESQL:
        postgres.settle(url)


def _measured(database: str, url: str, users: int, org: Served) -> Figures:
    few, many = People(users, FEW), People(users, MANY)
    say(f"{database}: pulling {users:,} assignments over HTTP, sealing, comparing")
    walked, whole = alone(whole_run, url, few, org)
    say(f"  {walked.steps}\n  {whole}")
    once = alone(compare, url, walked.snapshot_id, None)
    beside = alone(side_by_side, url, walked.snapshot_id)
    say(f"  {once}\n  {beside}")
    say(f"{database}: the same with {MANY} % differing")
    second = alone(walk, url, many, None)
    found = Figures(
        walked,
        whole,
        once,
        beside,
        many_beside=alone(side_by_side, url, second.snapshot_id),
        many_bounded=alone(compare, url, second.snapshot_id, MOST),
        many=alone(compare, url, second.snapshot_id, None),
    )
    say(f"  {found.many_beside}\n  {found.many_bounded}\n  {found.many}")
    return found
