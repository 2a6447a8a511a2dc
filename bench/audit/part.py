"""The measurement of the audit log: pushes with the sequencer and without on PostgreSQL, then many events on both."""

import asyncio
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.about import machine, machine_in_words
from bench.audit.events import write_events
from bench.audit.pushing import Pushed, measure_pushing
from bench.audit.sealer import Log, seal_all, verify
from bench.audit.telling import AtSize, text_of
from bench.document import DOCUMENT, RESULTS, write_section
from bench.in_process.databases import POSTGRESQL, databases
from bench.options import Options
from bench.progress import say
from bench.scale import Scale
from bench.servers import postgres
from bench.servers.syncd import on_postgresql
from bench.timing import SPAWN, alone
from syncd.bootstrap.system import SystemClock


def measure_audit(options: Options) -> Path:
    """Measure, print the tables, write the results, and return where they are."""
    facts = machine(options.postgres_url)
    say(machine_in_words(facts))
    if options.postgres_url:
        pushed = _pushed(options.postgres_url, options.scale)
    else:
        pushed = None
        say("Pushes are left out: there is no PostgreSQL.")
    at_size = _at_size(options)
    text = text_of(machine_in_words(facts), options.scale, pushed, at_size)
    say(f"\n{text}\n")
    path = RESULTS / f"audit-{options.scale.name}-{options.users}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = {database: asdict(one) for database, one in at_size.items()}
    path.write_text(json.dumps({"about": facts, "pushed": pushed and _plain(pushed), "at_size": plain}, indent=1))
    if options.document and pushed:
        write_section(DOCUMENT, "audit", text)
    return path


def _pushed(postgres_url: str, scale: Scale) -> Pushed:
    import uvloop  # noqa: PLC0415  # only the environment that measures has it

    say(f"PostgreSQL: pushes, {scale.sealing_rounds} times with the sequencer and without")
    with (
        TemporaryDirectory(prefix="bench-") as folder,
        on_postgresql(Path(folder), postgres_url) as server,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        return measure_pushing(server, Path(folder), scale, runner)


def _at_size(options: Options) -> dict[str, AtSize]:
    with databases(options.postgres_url) as urls, TemporaryDirectory(prefix="bench-") as folder:
        say(f"writing {options.users:,} events, the databases at the same time")
        with ProcessPoolExecutor(max_workers=len(urls), mp_context=SPAWN) as pool:
            for writing in [pool.submit(_write, database, url, options.users) for database, url in urls.items()]:
                writing.result()
        return {database: _measured(database, Log.of(url, Path(folder) / database)) for database, url in urls.items()}


def _write(database: str, url: str, events: int) -> None:
    write_events(url, events, SystemClock(), lambda line: say(f"  {database}: {line}"))
    if database == POSTGRESQL:
        postgres.settle(url)


def _measured(database: str, log: Log) -> AtSize:
    say(f"{database}: sealing")
    sealed, sealing = alone(seal_all, log)
    say(f"  {sealed:,} events, {sealing}")
    if database == POSTGRESQL:
        postgres.settle(log.url)
    verified = alone(verify, log)
    say(f"  {verified}")
    return AtSize(sealed, sealing, verified)


def _plain(pushed: Pushed) -> dict[str, object]:
    """Return all that was measured, and of the times that events waited only how many there are."""
    plain = asdict(pushed)
    for one, stretch in zip(plain["stretches"], pushed.stretches, strict=True):
        one |= {"sample": stretch.sample.summary(), "lags": len(stretch.lags)}
    return plain
