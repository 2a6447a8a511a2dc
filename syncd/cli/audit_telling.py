"""How records of the audit log are told: a proof that holds, a history, and what an erasure touches."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from syncd.cli.console import heading, print_table, say
from syncd.cli.operator import told

if TYPE_CHECKING:
    from syncd.core.proofs import Proved, Signer
    from syncd.workflows.erase_audit import Prospect
    from syncd.workflows.history import History

_SIDES: Final = ("before", "after")
_OF_AN_EVENT: Final = {
    "action": "What",
    "record": "What",
    "at": "When",
    "actor": "By",
    "app": "App",
    "subject_id": "About",
    "run_id": "Run",
    "request_id": "Request",
}
_ERASED: Final = "(erased)"
_PERSONAL: Final = {
    "shown": "the one that the record commits to",
    "erased": "erased, or taken out of this file; the rest of the record holds",
    "none": "the record has none beside",
}


def show_proved(proved: "Proved") -> None:
    """Print what a proof proves, and who signed."""
    checkpoint = proved.checkpoint
    heading(f"Entry {proved.index} of the log {printable(checkpoint.origin)}")
    say(f"Holds:     in the log when it had {checkpoint.size} entries")
    for signer in proved.signers:
        say(f"Signed by: {_signer(signer)}")
    for name, label in _OF_AN_EVENT.items():
        if proved.event.get(name) is not None:
            say(f"{label + ':':<10} {printable(proved.event[name])}")
    whole = {**proved.event, **(proved.told or {})}
    if whole.get("subject_name"):
        say(f"Name:      {printable(whole['subject_name'])}")
    say(f"Personal:  {_PERSONAL[proved.state]}")
    detail = whole.get("detail")
    if isinstance(detail, Mapping) and detail:
        say()
        print_table(("what", "was", "is"), _changes(detail))


def show_history(history: "History") -> None:
    """Print what is told of an account, the oldest first."""
    from syncd.workflows.history import source_of

    there = "here" if history.is_there else "not here any more"
    heading(f"{history.name or '(no name)'} ({history.account_id}), {there}")
    print_table(
        ("entry", "at (UTC)", "what", "from", "by", "change", "checkpoint"),
        (
            (
                "waits" if one.entry is None else one.entry,
                f"{one.event.at:%Y-%m-%d %H:%M:%S}",
                one.event.action,
                source_of(one.event.actor),
                one.event.actor,
                _ERASED if one.event.is_erased else _in_a_line(one.event.detail),
                one.checkpoint or "none yet",
            )
            for one in history.told
        ),
    )


def show_prospect(prospect: "Prospect", subject_id: str) -> None:
    """Print what an erasure removes, and what it does not touch."""
    removable, traces = prospect.removable, prospect.traces
    say(f"To be removed from the audit log: names and changes in {len(removable.events)} events about {subject_id}.")
    say("What stays in them: what was done, when, by whom, to which id; and the hash of what was removed.")
    if removable.gone:
        say(f"Removed before: {removable.gone} events.")
    say("Not touched:")
    for line in _untouched(prospect):
        say(f"  - {line}")
    if traces.account:
        say("Delete the account too (DELETE /Users/ID over SCIM) where nothing of the person may stay.")


def printable(value: object) -> str:
    """Return a text of a file that somebody sent, without signs that a terminal would obey."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in str(value))


def _untouched(prospect: "Prospect") -> Iterator[str]:
    traces, fixed = prospect.traces, prospect.removable.fixed
    if fixed:
        yield f"{fixed} events of an older version, which have names and changes in what was hashed: they cannot change"
    if traces.account:
        yield "the account, which is closed, and what the directory has of it"
    if traces.tombstone:
        yield "the tombstone of the deleted account, with its last attributes"
    yield f"kept plans of runs: {traces.plan_items} items name it"
    yield f"kept snapshots of Okta: {traces.snapshot_rows} rows name it"
    yield "events about groups and about others: of somebody else they hold the id at most, or a manager's name"
    yield "proofs and exports that were made before, notices that were sent, logs, and backups"


def _signer(signer: "Signer") -> str:
    name = f"{printable(signer.key.name)}+{signer.key.key_id.hex()}"
    if signer.seconds is None:
        return f"{name} (the log)"
    try:
        seen = told(datetime.fromtimestamp(signer.seconds, UTC))
    except (OverflowError, OSError, ValueError):
        seen = f"{signer.seconds} seconds since 1970"
    return f"{name} (a witness, at {seen})"


def _changes(detail: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield what changed, as it was and as it is; what is no change is as it is."""
    was, now = (side if isinstance(side, Mapping) else {} for side in (detail.get(name) for name in _SIDES))
    for path in sorted(was.keys() | now.keys()):
        yield printable(path), _value(was, path), _value(now, path)
    for name, value in detail.items():
        if name not in _SIDES:
            yield printable(name), "", _value({name: value}, name)


def _in_a_line(detail: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{path}: {was} -> {now}" if was else f"{path}: {now or 'taken away'}" for path, was, now in _changes(detail)
    )


def _value(side: Mapping[str, Any], path: str) -> str:
    if path not in side:
        return ""
    value = side[path]
    return printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
