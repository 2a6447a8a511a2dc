"""Which records support which controls of the frameworks that auditors ask about. Nothing here satisfies a control."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from syncd.core.changes import Action

SUPPORTS: Final = "supports"

FRAMEWORKS: Final[Mapping[str, re.Pattern[str]]] = {
    "SOC 2": re.compile(r"CC\d\.\d{1,2}"),
    "ISO 27001:2013": re.compile(r"A\.\d{1,2}\.\d{1,2}(\.\d{1,2})?|\d{1,2}(\.\d{1,2}){1,2}"),
    "ISO 27001:2022": re.compile(r"A\.[5-8]\.\d{1,2}|\d{1,2}(\.\d{1,2}){1,2}"),
    "NIST 800-53r5": re.compile(r"[A-Z]{2}-\d{1,2}(\(\d{1,2}\)|\([a-z]\))?"),
    "NIST CSF 1.1": re.compile(r"(ID|PR|DE|RS|RC)\.[A-Z]{2}-\d{1,2}"),
    "NIST CSF 2.0": re.compile(r"(GV|ID|PR|DE|RS|RC)\.[A-Z]{2}(-\d{2})?"),
}
"""The frameworks, and what an identifier of theirs looks like."""

ARTEFACTS: Final = ("population", "run-ledger", "configuration", "checkpoint", "drift-report", "access-review")
"""What is evidence beside the records of the audit log."""

KINDS: Final = frozenset({*(action.value for action in Action), *ARTEFACTS})


@dataclass(frozen=True, slots=True)
class Mapped:
    """Some kinds of records, what they show, in words, and the controls that they support by framework."""

    records: tuple[str, ...]
    shows: str
    controls: Mapping[str, tuple[str, ...]]


class ControlsError(ValueError):
    """A mapping that cannot be used; `problems` are all that is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problems))


def read_controls(told: Mapping[str, Any]) -> tuple[Mapped, ...]:
    """Return the mapping from what its TOML file has. Raises `ControlsError` with every problem there is."""
    tables = told.get("mapping")
    if not isinstance(tables, list) or not tables or set(told) != {"mapping"}:
        raise ControlsError(["it has tables [[mapping]] and nothing else"])
    problems = [f"mapping {number}: {what}" for number, table in enumerate(tables, 1) for what in _wrong(table)]
    if not problems:
        problems += _twice(tables)
    if problems:
        raise ControlsError(problems)
    return tuple(_mapped(table) for table in tables)


def _wrong(table: Any) -> Iterator[str]:
    """Yield what is wrong with one table."""
    if not isinstance(table, dict) or set(table) != {"records", "shows", "relation", "controls"}:
        yield "it has records, shows, relation and controls, and nothing else"
        return
    if table["relation"] != SUPPORTS:
        yield f"relation is {table['relation']!r} and can only be {SUPPORTS!r}: an auditor says what is met"
    if not isinstance(table["shows"], str) or not table["shows"].strip():
        yield "shows says in words what the records show"
    yield from _wrong_records(table["records"])
    yield from _wrong_controls(table["controls"])


def _wrong_records(records: Any) -> Iterator[str]:
    if not _is_texts(records):
        yield "records is a list of kinds of records"
        return
    for kind in records:
        if kind not in KINDS:
            yield f"there are no records of the kind {kind!r}; there are: {', '.join(sorted(KINDS))}"


def _wrong_controls(controls: Any) -> Iterator[str]:
    if not isinstance(controls, dict) or not controls:
        yield "controls is a table with a list for each framework"
        return
    for framework, ids in controls.items():
        pattern = FRAMEWORKS.get(framework)
        if pattern is None:
            yield f"there is no framework {framework!r}; there are: {', '.join(FRAMEWORKS)}"
        elif not _is_texts(ids):
            yield f"the controls of {framework} are a list"
        else:
            yield from (f"{one!r} is no control of {framework}" for one in ids if not pattern.fullmatch(one))


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def _twice(tables: list[dict[str, Any]]) -> list[str]:
    kinds = [kind for table in tables for kind in table["records"]]
    return [f"the kind {kind!r} is mapped twice" for kind in dict.fromkeys(kinds) if kinds.count(kind) > 1]


def _mapped(table: dict[str, Any]) -> Mapped:
    controls = {framework: tuple(ids) for framework, ids in table["controls"].items()}
    return Mapped(tuple(table["records"]), table["shows"], controls)
