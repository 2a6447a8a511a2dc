"""The commands that may follow a run, as they are printed: each does what was shown, and nothing else."""

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping

from syncd.core.guard import NEVER_OVERRULED, Objection
from syncd.core.reports import DriftReport
from syncd.ports import OutcomeKind
from syncd.workflows.apply_plan import Outcome


def approving(digest: str, name: str) -> str:
    """Return the command by which somebody approves the plan of that digest for the application `name`."""
    return f'syncd plan approve {digest} --app {name} --by NAME --reason "..."'


def may_be_approved(standing: Collection[Objection]) -> bool:
    """Return whether an approval would overrule something of what stands against a plan; True where nothing does."""
    return not standing or any(one.ground not in NEVER_OVERRULED for one in standing)


def command_with(command: str, options: Mapping[str, str | None]) -> str:
    """Return a command with the options that were given, their values as a shell has to read them."""
    given = (f" {option} {shlex.quote(value)}" for option, value in options.items() if value is not None)
    return command + "".join(given)


def after_reconciling(
    command: str, report: DriftReport, outcomes: Iterable[Outcome], *, to_be_applied: bool
) -> Iterator[str]:
    """Yield in lines how that goes on which a run found or left to do; nothing where nothing is left.

    `command` is the dry run that finds it, `to_be_applied` whether the plan is to be carried out as it is.
    """
    plan, verdict, ended = report.plan, report.verdict, tuple(outcomes)
    if any(one.kind is not OutcomeKind.WAITING for one in ended):
        # What was carried out made another plan of what is left, of another digest.
        if any(one.kind is OutcomeKind.WAITING and one.item.proposed for one in ended):
            yield f"For what waits for an approval: {command}"
        return
    needs_approval = verdict.approval is None and bool(verdict.objections or plan.proposals)
    if needs_approval and may_be_approved(verdict.standing):
        yield f"When it is right: {approving(plan.digest, report.app)}"
    if to_be_applied:
        yield f"To carry it out: {command} --apply --expect-digest {plan.digest}"
