"""How a run is shown: a drift report, a plan, outcomes. Everything is made from the JSON that programs get."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import click

from syncd.cli.console import heading, print_table, say
from syncd.core.evidence import no_document
from syncd.core.situations import MEANINGS, NO_DRIFT, Effect, Situation
from syncd.reporting.document import checkpoint_of
from syncd.workflows.evidence import as_json
from syncd.workflows.running import ExitCode, RunResult

SHOWN: Final = 50
_ORDER: Final = {situation.value: position for position, situation in enumerate(Situation)}
_EFFECTS: Final = {effect.value: position for position, effect in enumerate(Effect)}

Told = Mapping[str, Any]


def result_as_json(result: RunResult) -> dict[str, Any]:
    """Return a run as JSON: its document where it has one; `report` is null when nothing could be said."""
    if result.document:
        return as_json(result.document)
    return {
        **no_document(int(result.exit_code), result.message),
        "report": result.report.as_json() if result.report else None,
        "moved": list(result.moved),
        "outcomes": [outcome.as_json() for outcome in result.outcomes],
    }


def show_result(result: RunResult) -> None:
    """Print what a run came to, and what to do next."""
    show_told(result_as_json(result))


def show_told(told: Told) -> None:
    """Print a run that is given as JSON: the same lines for the same JSON, on the same kind of terminal."""
    if told["report"]:
        _show_report(told["report"], told)
    for line in told["moved"]:
        say(line)
    show_outcomes(told["outcomes"])
    show_message(told["message"], told["exitCode"])


def show_outcomes(outcomes: Sequence[Told]) -> None:
    """Print how each item of a plan ended, if it was carried out."""
    if outcomes:
        heading("What was done")
        print_table(
            ("outcome", "effect", "user name", "late by", "why not"),
            ((o["outcome"], o["effect"], o["userName"], _span(o["lateSeconds"]), o["reason"]) for o in outcomes),
        )


def show_message(message: str, exit_code: int) -> None:
    """Print in one line what a run came to."""
    click.secho(message, fg=_colour(exit_code), bold=True)


def _show_report(report: Told, told: Told) -> None:
    """Print the situations, the subjects that are in drift, and the plan."""
    snapshot = report["snapshot"]
    heading(f"{report['app']}: {snapshot['rows']} assignments in Okta, {report['accounts']} accounts here")
    say(
        f"Snapshot {snapshot['id']}, sealed {_moment(snapshot['sealed'])} UTC. "
        f"syncd manages {report['coveragePercent']:.1f} % of the active accounts."
    )
    if "balance" in told:
        say(told["balance"]["line"])
        say(f"Nothing is concluded of {told['unknown']}.")
        say(f"Run {told['run']['id']}, policy {report['policy']}, seal {told['seal']['digest']}.")
        say(f"Checkpoint: {checkpoint_of(told)}.")
    say()
    _show_counts(report["counts"])
    _show_findings(report["findings"])
    if report["groups"]:
        _show_groups(report["groups"])
    _show_plan(report["plan"], told)


def _show_counts(counts: Mapping[str, int]) -> None:
    rows = sorted(counts.items(), key=lambda row: _place(row[0]))
    print_table(
        ("situation", "count", "what it means"),
        ((situation, count, MEANINGS[Situation(situation)]) for situation, count in rows),
    )


def _show_findings(findings: Sequence[Told]) -> None:
    drifted = [finding for finding in findings if finding["situation"] not in NO_DRIFT]
    if drifted:
        rows = [(one["situation"], one["userName"] or "", one["reason"]) for one in drifted]
        rows.sort(key=lambda row: (_place(row[0]), row[1]))
        _show_most(("situation", "user name", "why"), rows)


def _show_groups(groups: Told) -> None:
    if groups["whyNot"]:
        click.secho(f"\nGroups were not looked at: {groups['whyNot']}", fg="yellow")
        return
    heading(
        f"\n{groups['mappings']} groups pushed by Okta, {groups['compared']} compared, "
        f"{groups['members']} members in Okta"
    )
    _show_counts(groups["counts"])
    if groups["findings"]:
        rows = ((one["situation"], one["name"], one["userName"] or "", one["reason"]) for one in groups["findings"])
        ordered = sorted(rows, key=lambda row: (_place(row[0]), row[1:]))
        _show_most(("situation", "group", "user name", "why"), ordered)


def _show_most(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    say()
    print_table(columns, rows[:SHOWN])
    if len(rows) > SHOWN:
        say(f"... and {len(rows) - SHOWN} more; --json has them all")


def _show_plan(plan: Told, told: Told) -> None:
    items = plan["items"]
    if not items and not plan["deferred"]:
        say("Nothing to repair.")
        return
    heading(f"\nPlan {plan['digest']}: {len(items)} repairs")
    ordered = sorted(items, key=lambda item: (_EFFECTS[item["effect"]], item["userName"]))
    print_table(
        ("effect", "user name", "because", "waits for"),
        (
            (item["effect"], item["userName"], item["situation"], item["waits"] or _approval(item))
            for item in ordered[:SHOWN]
        ),
    )
    if len(items) > SHOWN:
        say(f"... and {len(items) - SHOWN} more; --json has them all")
    for one in plan["deferred"]:
        say(f"Left out: {one['userName']} ({one['situation']}): {one['reason']}")
    for objection in plan["objections"]:
        _show_objection(objection, plan["approval"], told)


def _show_objection(objection: str, approval: str | None, told: Told) -> None:
    """Print an objection, and whether an approval overrules it. What none overrules is why the run was blocked."""
    stands = approval is None or told["exitCode"] == ExitCode.STALE_PLAN or objection in told["message"]
    if stands:
        click.secho(f"Blocked: {objection}", fg="red")
    else:
        say(f"Overruled by approval {approval}: {objection}")


def _approval(item: Told) -> str:
    return "an approval" if item["proposed"] else ""


def _place(situation: str) -> int:
    return _ORDER[situation]


def _moment(text: str) -> str:
    return text[:19].replace("T", " ")


def _span(seconds: int | None) -> str:
    """Return in words how long access was open after Okta had taken it away, as far as that is known."""
    return "" if seconds is None else str(timedelta(seconds=max(0, seconds)))


def _colour(code: int) -> str:
    if code == ExitCode.CLEAN:
        return "green"
    return "yellow" if code == ExitCode.DRIFT else "red"
