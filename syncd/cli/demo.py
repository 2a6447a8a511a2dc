"""`syncd demo`."""

import json
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from syncd.cli.console import heading, say
from syncd.cli.explain import show_explanation
from syncd.cli.reporting import show_result
from syncd.core.situations import EFFECTS, MEANINGS, Situation
from syncd.workflows.explain import Explanation
from syncd.workflows.running import RunResult

if TYPE_CHECKING:
    from syncd.bootstrap.rehearsal import Rehearsal

FEWEST = 20


@click.command()
@click.option("--users", type=click.IntRange(FEWEST, 100_000), default=200, show_default=True, help="How many people.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line, and progress elsewhere.")
def command(users: int, as_json: bool) -> int:
    """Show the whole job on this machine: no configuration, no account, no network.

    A simulated Okta org pushes people to a real SCIM server over HTTP, some pushes get lost, and the reconciler finds
    and repairs what is safe to repair. Everything lives in a temporary folder that is removed at the end.
    """
    from syncd.bootstrap.rehearsal import start_rehearsal

    started, narrator = time.monotonic(), Narrator(quiet=as_json)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="syncd-demo-")))
        rehearsal = stack.enter_context(start_rehearsal(folder, narrator.line))
        summary = _tell(rehearsal, users, narrator)
    if as_json:
        say(json.dumps(summary))
    else:
        _close(summary, time.monotonic() - started)
    return 0 if summary["drift_after_actionable"] == 0 and summary["second_run_actions"] == 0 else 1


def _tell(rehearsal: "Rehearsal", users: int, narrator: "Narrator") -> dict[str, Any]:
    """Play the story and return what was counted on the way."""
    narrator.chapter(f"1. Okta pushes {users} people and 3 groups to the application, over SCIM 2.0")
    pushed = rehearsal.push_people(users)
    narrator.line(f"{pushed} accounts and {rehearsal.count('Group')} groups are in the application's database")

    narrator.chapter("2. Then things happen that Okta tells nobody about, or tells only once")
    for happened in rehearsal.lose_pushes():
        narrator.line(happened)

    narrator.chapter("3. What an auditor asks for: syncd drift-report")
    before = rehearsal.drift_report()
    narrator.report(before)

    narrator.chapter("4. What would be repaired: syncd reconcile (a dry run; nothing is changed)")
    dry = rehearsal.reconcile()
    digest = dry.report.plan.digest if dry.report else ""
    narrator.line(f"plan {digest}: {len(dry.report.plan.items) if dry.report else 0} repairs")

    narrator.chapter(f"5. Exactly that: syncd reconcile --apply --expect-digest {digest}")
    applied = rehearsal.reconcile(apply=True, expected_digest=digest)
    for outcome in sorted(applied.outcomes, key=lambda one: (one.item.effect, one.item.user_name)):
        item = outcome.item
        narrator.line(f"{outcome.kind}: {item.effect} {item.user_name}: {outcome.reason or item.reason}")

    narrator.chapter("6. Once more: a second run finds nothing to repair, and tells what is left for a person")
    after = rehearsal.reconcile(apply=True)
    narrator.report(after)

    narrator.chapter(f"7. Why an account is as it is, and who changed it: syncd explain {rehearsal.someone}")
    narrator.explanation(rehearsal.explain(rehearsal.someone))
    return _summary(rehearsal, pushed, (before, dry, applied, after))


class Narrator:
    """Tells the story on standard output; with `quiet`, on standard error and without the tables."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        click.secho(f"\n{title}", bold=True, err=self._quiet)

    def line(self, text: str, /) -> None:
        """Tell something that happened."""
        click.echo(f"  {text}", err=self._quiet)

    def explanation(self, explanations: tuple[Explanation, ...]) -> None:
        """Show what is known of each account."""
        for explanation in explanations:
            if not self._quiet:
                show_explanation(explanation)

    def report(self, result: RunResult) -> None:
        """Show a drift report."""
        if result.report and not self._quiet:
            show_result(result)


def _summary(
    rehearsal: "Rehearsal", pushed: int, runs: tuple[RunResult, RunResult, RunResult, RunResult]
) -> dict[str, Any]:
    before, dry, applied, after = runs
    return {
        "pushed": pushed,
        "drift_before": _drift(before),
        "plan": {
            "actions": len(dry.report.plan.items) if dry.report else 0,
            "digest": dry.report.plan.digest if dry.report else None,
        },
        "applied": applied.applied,
        "drift_after_actionable": sum(
            _drift(after).get(situation.value, 0) for situation in EFFECTS if rehearsal.repairs(situation)
        ),
        "second_run_actions": len(after.report.plan.items) if after.report else 0,
        "audit_events": rehearsal.count_audit_events(),
    }


def _drift(result: RunResult) -> Mapping[str, int]:
    counts = result.report.counts if result.report else {}
    return {situation.value: count for situation, count in counts.items() if situation is not Situation.IN_SYNC}


def _close(summary: Mapping[str, Any], seconds: float) -> None:
    heading(f"\nIn {seconds:.0f} seconds")
    say(f"  {summary['pushed']} accounts came over SCIM; every push that got lost was found:")
    for name, count in summary["drift_before"].items():
        say(f"    {count:3}  {name:22} {MEANINGS[Situation(name)]}")
    say(
        f"  {summary['applied']} of {summary['plan']['actions']} planned repairs were made; "
        "each deactivation was confirmed with Okta first."
    )
    say(
        f"  The second run had {summary['second_run_actions']} to make. "
        f"The audit trail has {summary['audit_events']} events."
    )
    say("\nNext: syncd init, or README.md for a first connection to a real Okta org.")
