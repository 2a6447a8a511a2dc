"""`syncd plan`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from syncd.cli.console import heading, print_json, print_table, say
from syncd.cli.failures import Failure
from syncd.cli.operator import cause, opened, told
from syncd.cli.options import app_option, config_option, json_option
from syncd.cli.plan_view import PLANNED, group_names, print_items
from syncd.ports import OF_SOME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from syncd.ports import Database, KeptRun

_UNDO: Final = "undo"


@click.group("plan")
def command() -> None:
    """Read the plans that runs have made, and approve one."""


@command.command("list")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="How many runs.")
@config_option
@app_option
@json_option
def list_plans(limit: int, config_path: Path | None, app_name: str | None, as_json: bool) -> int:
    """List the youngest runs and their plans."""
    with opened(config_path, app_name) as (_, name, store), store.reading(name) as unit:
        rows = [
            {
                "run": one.run_id,
                "kind": one.kind,
                "state": one.state,
                "started": told(one.started),
                "exitCode": one.exit_code,
                "plan": one.plan_digest,
            }
            for one in unit.runs.latest(limit)
        ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(tuple(rows[0]), (tuple(row.values()) for row in rows))
    else:
        say(_no_run(name))
    return 0


@command.command()
@click.argument("run_or_digest", required=False)
@click.option("--exit-code", "tell", is_flag=True, help="Exit with 2 when the plan has an effect, else with 0.")
@config_option
@app_option
@json_option
def show(run_or_digest: str | None, tell: bool, config_path: Path | None, app_name: str | None, as_json: bool) -> int:
    """Show a plan, item by item, and how each ended. Without RUN_OR_DIGEST, the plan of the last run."""
    with opened(config_path, app_name) as (_, name, store), store.reading(name) as unit:
        latest = unit.runs.latest(1)
        named = run_or_digest or (latest[0].run_id if latest else "")
        kept = unit.runs.kept(named)
        names = group_names(unit, kept.items) if kept else {}
    if not named:
        raise Failure(_no_run(name))
    if kept is None:
        message = f"no run of {name} has the id or the plan {named!r}. See: syncd plan list --app {name}"
        raise Failure(message)
    if as_json:
        print_json(_as_json(kept))
    else:
        _show(kept, names)
    return 2 if tell and kept.items else 0


@command.command()
@click.argument("run_or_digest")
@click.option("--by", "approver", required=True, metavar="NAME", help="Who approves it.")
@click.option("--reason", required=True, help="Why it is right.")
@config_option
@app_option
def approve(run_or_digest: str, approver: str, reason: str, config_path: Path | None, app_name: str | None) -> int:
    """Let exactly this plan through once, within four hours: thresholds, budget and proposals do not hold it back.

    Protection, administrators, unmanaged accounts, changes since, and Okta's own word on each person still do.
    """
    from syncd.workflows.decide import approve_plan

    with opened(config_path, app_name) as (_, name, store):
        approval, kept = approve_plan(store, name, cause(reason), run_or_digest, approver)
        command = _carrying_out(store, name, kept)
        with store.reading(name) as unit:
            names = group_names(unit, kept.items)
    _show(kept, names)
    say(f"Approved by {approver} until {told(approval.expires)}, once.")
    say(f"To carry it out: {command} --app {name} --apply --expect-digest {approval.digest}")
    if kept.record.kind.endswith(OF_SOME):
        say("It was made with --only: give it the same --only again, or it is another plan.")
    return 0


def _carrying_out(store: "Database", name: str, kept: "KeptRun") -> str:
    """Return the command that makes this plan again: the undoing of a run, or a run over everybody."""
    if kept.record.kind != _UNDO:
        return "syncd reconcile"
    with store.reading(name) as unit:
        told_of = unit.audit_trail(run_id=kept.record.run_id)
    return f"syncd undo {next((one.detail['undoes'] for one in told_of if 'undoes' in one.detail), 'RUN')}"


def _no_run(app: str) -> str:
    return f"{app} has had no run yet. Begin with: syncd drift-report --app {app}"


def _show(kept: "KeptRun", names: "Mapping[str, str] | None" = None) -> None:
    record = kept.record
    if record.plan_digest is None:
        ended = "has made no plan yet" if record.ended is None else f"made no plan: it ended with {record.exit_code}"
        say(f"Run {record.run_id} ({record.kind}, {told(record.started)}) {ended}.")
        return
    heading(f"Plan {record.plan_digest} of run {record.run_id} ({record.kind}, {told(record.started)})")
    if kept.items:
        print_items(kept.items, names or {}, PLANNED)
    else:
        say("Nothing to do.")


def _as_json(kept: "KeptRun") -> dict[str, Any]:
    record = kept.record
    return {
        "run": record.run_id,
        "kind": record.kind,
        "state": record.state,
        "started": told(record.started),
        "ended": told(record.ended),
        "exitCode": record.exit_code,
        "plan": record.plan_digest,
        "snapshot": kept.snapshot_id,
        "policy": kept.policy,
        "approval": kept.approval,
        "items": [
            {
                **one.item.as_json(),
                "outcome": one.outcome,
                "outcomeReason": one.reason,
                "concluded": told(one.concluded),
            }
            for one in kept.items
        ],
    }
