"""SARIF: of the shape that the standard asks for, and the same drift is the same result from run to run."""

import copy
import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings

from syncd.core.situations import NO_DRIFT, Situation
from syncd.reporting import render
from syncd.reporting.sarif import FINGERPRINT, LEVELS
from tests.reporting.documents import documents, hostile_document
from tests.reporting.sarif_shape import LOG

SHAPE = jsonschema_rs.validator_for(LOG, validate_formats=True)


def run_of(document: dict[str, Any]) -> dict[str, Any]:
    log = json.loads(render(document, "sarif"))
    SHAPE.validate(log)
    (run,) = log["runs"]
    return dict(run)


@given(document=documents())
@settings(max_examples=60, deadline=None)
def test_each_subject_in_drift_is_one_result_of_its_rule(document: dict[str, Any]) -> None:
    run = run_of(document)
    rules = run["tool"]["driver"]["rules"]
    results = run["results"]
    drifted = [one for one in document["report"]["findings"] if one["situation"] not in NO_DRIFT]
    assert sorted(one["ruleId"] for one in results) == sorted(one["situation"] for one in drifted)
    for one in results:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        assert (one["kind"] == "open") == (one["ruleId"] == Situation.UNKNOWN)
        assert one["kind"] == "fail" or one["level"] == "none", "section 3.27.10"
    prints = [one["partialFingerprints"][FINGERPRINT] for one in results]
    assert len(prints) == len(set(prints))


def test_a_rule_helps_and_there_is_one_for_each_situation_that_is_drift() -> None:
    rules = run_of(hostile_document())["tool"]["driver"]["rules"]
    assert {rule["id"] for rule in rules} == {one.value for one in set(Situation) - NO_DRIFT}
    assert all("syncd explain" in rule["help"]["text"] for rule in rules)


def test_the_same_drift_is_the_same_result_in_the_next_run_and_in_no_other_application() -> None:
    first, later, elsewhere = (copy.deepcopy(hostile_document()) for _ in range(3))
    later["run"]["id"] = later["report"]["run"] = "run-8"
    for finding in later["report"]["findings"]:
        finding["reason"] = "in other words"
    elsewhere["report"]["app"] = "hr"

    def prints(document: dict[str, Any]) -> list[str]:
        return [one["partialFingerprints"][FINGERPRINT] for one in run_of(document)["results"]]

    assert prints(first) == prints(later)
    assert set(prints(first)).isdisjoint(prints(elsewhere))


def test_what_is_waived_is_suppressed_with_the_words_of_the_waiver() -> None:
    results = run_of(hostile_document())["results"]
    (waived,) = [one for one in results if "suppressions" in one]
    assert waived["suppressions"][0]["status"] == "accepted"
    assert "SEC-1" in waived["suppressions"][0]["justification"]


def test_what_is_critical_is_an_error_and_no_name_is_a_link() -> None:
    document = hostile_document()
    document["report"]["findings"][0]["userName"] = "[click](http://evil.example) \\[x]"
    (critical,) = [one for one in run_of(document)["results"] if one["properties"]["severity"] == "critical"]
    assert critical["level"] == LEVELS["critical"] == "error"
    assert critical["message"]["text"].startswith("\\[click\\](http://evil.example) \\\\\\[x\\]:")


@pytest.mark.parametrize(("name", "value"), [("level", "fatal"), ("kind", "bad"), ("hint", "x"), ("message", {})])
def test_the_shape_refuses_what_is_no_sarif(name: str, value: object) -> None:
    log = json.loads(render(hostile_document(), "sarif"))
    log["runs"][0]["results"][0][name] = value
    assert not SHAPE.is_valid(log)
