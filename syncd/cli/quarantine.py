"""`syncd quarantine`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncd.cli.console import heading, print_json, print_table, say
from syncd.cli.operator import cause, opened, told
from syncd.cli.options import app_option, config_option, json_option
from syncd.cli.plan_view import STOPPED, group_names, print_items

if TYPE_CHECKING:
    from syncd.core.consents import Approval
    from syncd.ports import Quarantine


@click.group("quarantine")
def command() -> None:
    """Plans that the guard stopped: list them, read them, let one through or discard it."""


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that have ended, too.")
@config_option
@app_option
@json_option
def list_quarantines(everything: bool, config_path: Path | None, app_name: str | None, as_json: bool) -> int:
    """List the plans in quarantine, the youngest first. Exit code 4 when there is one."""
    with opened(config_path, app_name) as (_, name, store), store.reading(name) as unit:
        found = unit.decisions.quarantines(ended=everything)
        approvals = {one.digest: unit.decisions.approval_of(one.digest) for one in found if one.ended is None}
    if as_json:
        print_json([_as_json(one, approvals.get(one.digest)) for one in found])
    elif found:
        print_table(
            ("id", "plan", "since", "runs", "why", "approved", "ended"),
            (
                (
                    one.quarantine_id,
                    one.digest,
                    told(one.since),
                    one.runs,
                    "; ".join(map(str, one.objections)),
                    _approved(approvals.get(one.digest)),
                    _ended(one),
                )
                for one in found
            ),
            whole=("id", "plan"),
        )
        say(f"To read one: syncd quarantine show ID --app {name}")
    else:
        say(f"No plan of {name} is in quarantine.")
    return 4 if any(one.ended is None for one in found) else 0


@command.command()
@click.argument("quarantine_id")
@config_option
@app_option
@json_option
def show(quarantine_id: str, config_path: Path | None, app_name: str | None, as_json: bool) -> int:
    """Show why a plan was stopped, and what it would do. QUARANTINE_ID may be the plan's digest or the run, too."""
    from syncd.workflows.decide import find_quarantine

    with opened(config_path, app_name) as (_, name, store):
        found = find_quarantine(store, name, quarantine_id, ended=True)
        with store.reading(name) as unit:
            kept = unit.runs.kept(found.run_id)
            items = kept.items if kept else ()
            names = group_names(unit, items)
            approval = unit.decisions.approval_of(found.digest) if found.ended is None else None
    if as_json:
        print_json({**_as_json(found, approval), "items": [one.item.as_json() for one in items]})
        return 0
    heading(f"Plan {found.digest}, in quarantine since {told(found.since)}, made by {found.runs} runs")
    for objection in found.objections:
        say(f"{objection.ground}: {objection}")
    say()
    print_items(items, names, STOPPED)
    _show_end(found, approval, name)
    return 0


@command.command()
@click.argument("quarantine_id")
@click.option("--by", "approver", required=True, metavar="NAME", help="Who approves the plan.")
@click.option("--reason", required=True, help="Why it is right.")
@config_option
@app_option
def release(quarantine_id: str, approver: str, reason: str, config_path: Path | None, app_name: str | None) -> int:
    """Approve the plan, once, within four hours. The next run that makes the same plan carries it out."""
    from syncd.workflows.decide import release_quarantine

    with opened(config_path, app_name) as (_, name, store):
        approval, _found = release_quarantine(store, name, cause(reason), quarantine_id, approver)
    say(f"Plan {approval.digest} is approved by {approver} until {told(approval.expires)}, once.")
    say(f"To carry it out now: syncd reconcile --app {name} --apply --expect-digest {approval.digest}")
    return 0


@command.command()
@click.argument("quarantine_id")
@click.option("--reason", required=True, help="Why it is wrong.")
@config_option
@app_option
def discard(quarantine_id: str, reason: str, config_path: Path | None, app_name: str | None) -> int:
    """End the quarantine without the plan. A later run that makes it again is stopped again."""
    from syncd.workflows.decide import discard_quarantine

    with opened(config_path, app_name) as (_, name, store):
        found = discard_quarantine(store, name, cause(reason), quarantine_id)
    say(f"Plan {found.digest} is discarded.")
    return 0


def _show_end(found: "Quarantine", approval: "Approval | None", app: str) -> None:
    """Print what became of the plan, or what may become of it."""
    if found.ended is not None:
        say(f"Ended {told(found.ended)}: {_ended(found)}{f': {found.reason}' if found.reason else ''}.")
        return
    if approval:
        say(f"It is approved {_approved(approval)}, once.")
        say(f"To carry it out:  syncd reconcile --app {app} --apply --expect-digest {found.digest}")
    else:
        say(f'When it is right: syncd quarantine release {found.quarantine_id} --app {app} --by NAME --reason "..."')
    say(f'Otherwise:        syncd quarantine discard {found.quarantine_id} --app {app} --reason "..."')


def _approved(approval: "Approval | None") -> str:
    return f"by {approval.approver} until {told(approval.expires)}" if approval else ""


def _ended(one: "Quarantine") -> str:
    return f"{one.outcome} by {one.ended_by}" if one.ended else ""


def _as_json(one: "Quarantine", approval: "Approval | None") -> dict[str, Any]:
    return {
        "id": one.quarantine_id,
        "plan": one.digest,
        "run": one.run_id,
        "objections": [{"ground": each.ground.value, "text": each.text} for each in one.objections],
        "runs": one.runs,
        "approved": {"by": approval.approver, "until": told(approval.expires)} if approval else None,
        "since": told(one.since),
        "ended": told(one.ended),
        "endedBy": one.ended_by,
        "outcome": one.outcome,
        "reason": one.reason,
    }
