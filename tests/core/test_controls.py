"""The mapping of records to controls: complete as it is shipped, and refused with a reason where it is edited badly."""

import tomllib
from typing import Any

import pytest

from syncd.core.changes import Action
from syncd.core.controls import ARTEFACTS, FRAMEWORKS, KINDS, ControlsError, read_controls
from syncd.evidence.packing import parse_controls, shipped_controls


def shipped() -> dict[str, Any]:
    return tomllib.loads(shipped_controls().decode())


def test_every_kind_of_record_is_mapped_once_in_every_framework() -> None:
    mapping = parse_controls(shipped_controls())
    assert sorted(kind for one in mapping for kind in one.records) == sorted(KINDS)
    assert {*Action, *ARTEFACTS} == KINDS
    assert all(one.controls.keys() == FRAMEWORKS.keys() for one in mapping)


def test_what_is_asked_for_is_there() -> None:
    named = {
        (framework, control)
        for one in parse_controls(shipped_controls())
        for framework, ids in one.controls.items()
        for control in ids
    }
    assert {("SOC 2", control) for control in ("CC6.1", "CC6.2", "CC6.3", "CC7.2")} <= named


def test_nothing_but_supports_is_said() -> None:
    told = shipped()
    told["mapping"][0]["relation"] = "satisfies"
    with pytest.raises(ControlsError, match=r"mapping 1: relation is 'satisfies' and can only be 'supports'"):
        read_controls(told)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda table: table.update(records=["account:vanished"]), "no records of the kind 'account:vanished'"),
        (lambda table: table.update(records=[]), "records is a list"),
        (lambda table: table.update(records=["population"]), "the kind 'population' is mapped twice"),
        (lambda table: table.update(shows=" "), "shows says in words"),
        (lambda table: table.update(controls={"PCI": ["1"]}), "no framework 'PCI'"),
        (lambda table: table.update(controls={"SOC 2": ["AC-2"]}), "'AC-2' is no control of SOC 2"),
        (lambda table: table.update(controls={"SOC 2": "CC6.1"}), "are a list"),
        (lambda table: table.update(controls={}), "controls is a table"),
        (lambda table: table.pop("shows"), "it has records, shows, relation and controls"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_where_and_why(change: Any, said: str) -> None:
    told = shipped()
    change(told["mapping"][0])
    with pytest.raises(ControlsError, match=said):
        read_controls(told)


def test_what_is_no_toml_is_told() -> None:
    for content in (b"\xff", b"[[mapping", b"", b"mapping = 1"):
        with pytest.raises(ControlsError):
            parse_controls(content)
