"""The measurement over HTTP: all servers, in turn, in one run."""

import asyncio
import signal
from pathlib import Path

from bench.about import about, in_words
from bench.document import DOCUMENT, RESULTS, write_section
from bench.growth import measure_growth
from bench.options import Options
from bench.progress import say
from bench.report import sections
from bench.results import Results
from bench.servers import KINDS, chosen
from bench.small import measure_small


def measure_over_http(options: Options) -> Path:
    """Measure, print the tables, write the results, and return where they are."""
    import uvloop  # noqa: PLC0415  # only the environment that measures has it

    servers, left_out = chosen(options.servers, options.postgres_url)
    for server in left_out:
        say(f"{KINDS[server].title} is left out: this machine does not have {KINDS[server].needs}.")
    facts = about(options.scale, servers, options.postgres_url)
    say(in_words(facts))
    results = Results(options.scale.name, options.scale.grown.patience)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_measure(options, servers, results))
    text = "\n\n".join([in_words(facts), *(f"### {title}\n\n{found}" for title, found in sections(results, servers))])
    say(f"\n{text}\n")
    path = RESULTS / f"http-{options.scale.name}{'' if options.everything else '-in-part'}.json"
    results.save(path, facts)
    if options.document and options.everything and not left_out:
        write_section(DOCUMENT, "over HTTP", text)
    return path


async def _measure(options: Options, servers: list[str], results: Results) -> None:
    if task := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await measure_small(servers, options.scale, options.operations, results, options.postgres_url)
    if options.with_growth:
        await measure_growth(servers, options.scale, results, options.postgres_url)
