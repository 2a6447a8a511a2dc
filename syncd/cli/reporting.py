"""How a run is shown: a drift report, a plan, outcomes."""

from datetime import timedelta
from typing import Any

import click

from syncd.cli.console import heading, print_table, say
from syncd.core.classification import Finding
from syncd.core.reports import DriftReport, GroupReport
from syncd.core.situations import MEANINGS, NO_DRIFT, Situation
from syncd.workflows.apply_plan import Outcome
from syncd.workflows.running import ExitCode, RunResult

SHOWN = 50


def show_report(report: DriftReport) -> None:
    """Print the situations, the subjects that are in drift, and the plan."""
    heading(f"{report.app}: {report.assignments} assignments in Okta, {report.accounts} accounts here")
    say(
        f"Snapshot {report.snapshot_id}, sealed {report.sealed:%Y-%m-%d %H:%M:%S} UTC. "
        f"syncd manages {report.coverage:.1f} % of the active accounts."
    )
    say()
    print_table(
        ("situation", "count", "what it means"),
        ((situation.value, count, MEANINGS[situation]) for situation, count in report.counts.items()),
    )
    _show_findings(report)
    if report.groups:
        _show_groups(report.groups)
    _show_plan(report)


def show_result(result: RunResult) -> None:
    """Print what a run came to, and what to do next."""
    if result.report:
        show_report(result.report)
    for line in result.moved:
        say(line)
    show_outcomes(result)
    show_message(result)


def show_outcomes(result: RunResult) -> None:
    """Print how each item of a plan ended, if it was carried out."""
    if result.outcomes:
        heading("What was done")
        print_table(
            ("outcome", "effect", "user name", "late by", "why not"),
            ((o.kind.value, o.item.effect.value, o.item.user_name, lateness(o), o.reason) for o in result.outcomes),
        )


def lateness(outcome: Outcome) -> str:
    """Return in words how long access was open after Okta had taken it away, as far as that is known."""
    return "" if outcome.late is None else str(timedelta(seconds=max(0, round(outcome.late.total_seconds()))))


def show_message(result: RunResult) -> None:
    """Print in one line what a run came to."""
    click.secho(result.message, fg=_colour(result.exit_code), bold=True)


def result_as_json(result: RunResult) -> dict[str, Any]:
    """Return a run as JSON; `report` is null when nothing could be said."""
    return {
        "exitCode": int(result.exit_code),
        "message": result.message,
        "report": result.report.as_json() if result.report else None,
        "moved": list(result.moved),
        "outcomes": outcomes_as_json(result),
    }


def outcomes_as_json(result: RunResult) -> list[dict[str, Any]]:
    """Return how each item of a plan ended, as JSON."""
    return [
        {
            "outcome": o.kind.value,
            "account": o.item.account_id,
            "effect": o.item.effect.value,
            "reason": o.reason,
            "since": o.item.since.isoformat() if o.item.since else None,
            "lateSeconds": round(o.late.total_seconds()) if o.late is not None else None,
        }
        for o in result.outcomes
    ]


def _show_findings(report: DriftReport) -> None:
    drifted = [finding for finding in report.findings if finding.situation not in NO_DRIFT]
    if not drifted:
        return
    order = list(Situation)
    rows = sorted(
        ((finding.situation, _name(finding), finding.reason) for finding in drifted),
        key=lambda row: (order.index(row[0]), row[1]),
    )
    say()
    print_table(("situation", "user name", "why"), rows[:SHOWN])
    if len(drifted) > SHOWN:
        say(f"... and {len(drifted) - SHOWN} more; --json has them all")


def _show_groups(groups: GroupReport) -> None:
    if groups.refusal:
        click.secho(f"\nGroups were not looked at: {groups.refusal}", fg="yellow")
        return
    heading(f"\n{groups.mappings} groups pushed by Okta, {groups.compared} compared, {groups.members} members in Okta")
    print_table(
        ("situation", "count", "what it means"),
        ((situation.value, count, MEANINGS[situation]) for situation, count in groups.counts.items()),
    )
    if not groups.findings:
        return
    order = list(Situation)
    rows = sorted(
        (
            (one.situation, one.name, one.account.user_name if one.account else "", one.reason)
            for one in groups.findings
        ),
        key=lambda row: (order.index(row[0]), row[1:]),
    )
    say()
    print_table(("situation", "group", "user name", "why"), rows[:SHOWN])
    if len(rows) > SHOWN:
        say(f"... and {len(rows) - SHOWN} more; --json has them all")


def _name(finding: Finding) -> str:
    if finding.account:
        return finding.account.user_name
    return (finding.subject.assignment and finding.subject.assignment.user_name) or ""


def _show_plan(report: DriftReport) -> None:
    plan = report.plan
    if not plan.items and not plan.deferred:
        say("Nothing to repair.")
        return
    heading(f"\nPlan {plan.digest}: {len(plan.items)} repairs")
    ordered = sorted(plan.items, key=lambda item: (item.effect, item.user_name))
    print_table(
        ("effect", "user name", "because", "waits for"),
        (
            (item.effect, item.user_name, item.situation, item.waits or ("an approval" if item.proposed else ""))
            for item in ordered[:SHOWN]
        ),
    )
    if len(plan.items) > SHOWN:
        say(f"... and {len(plan.items) - SHOWN} more; --json has them all")
    for one in plan.deferred:
        say(f"Left out: {one.user_name} ({one.situation}): {one.reason}")
    for objection in report.verdict.objections:
        click.secho(f"Blocked: {objection}", fg="red")


def _colour(code: ExitCode) -> str:
    if code is ExitCode.CLEAN:
        return "green"
    return "yellow" if code is ExitCode.DRIFT else "red"
