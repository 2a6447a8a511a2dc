"""What a report says beside its findings."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.balance import Balance, UnbalancedError
from syncd.core.evidence import Closure, Ending, PastRun, Surroundings, make_document
from syncd.core.severity import SEVERITIES, Severity, severity_of
from syncd.core.situations import NO_DRIFT, Situation
from tests.reporting.documents import HOUR, NOW, around, hostile_report, report_of

ENDING = Ending(0, "no drift")


def surroundings(*closures: Closure, runs: tuple[PastRun, ...] = ()) -> Surroundings:
    return replace(around(), closures=closures, runs=(*around().runs[:1], *runs))


def test_every_situation_has_a_severity_and_only_what_is_no_drift_is_for_information() -> None:
    assert set(SEVERITIES) == set(Situation)
    assert {one for one, severity in SEVERITIES.items() if severity is Severity.INFO} == NO_DRIFT


def test_access_without_entitlement_is_critical_where_it_has_power() -> None:
    assert severity_of(Situation.ORPHAN_GONE) is Severity.HIGH
    assert severity_of(Situation.ORPHAN_GONE, privileged=True) is Severity.CRITICAL
    assert severity_of(Situation.GHOST, privileged=True) is Severity.LOW


@given(st.tuples(*[st.integers(0, 50)] * 4))
def test_what_does_not_add_up_has_no_line(figures: tuple[int, int, int, int]) -> None:
    assignments, lone, linked, counted = figures
    balance = Balance(assignments, lone + linked, linked, counted)
    if counted == assignments + lone:
        assert f"are {counted} subjects" in balance.line()
        return
    with pytest.raises(UnbalancedError, match="does not balance"):
        balance.line()


def test_a_report_that_lost_somebody_becomes_no_document() -> None:
    report = hostile_report()
    for spoilt in (replace(report, accounts=report.accounts + 1), replace(report, linked=report.linked - 1)):
        with pytest.raises(UnbalancedError):
            make_document(spoilt, ENDING, around())


@given(st.lists(st.timedeltas(timedelta(days=-2), timedelta(days=400)), max_size=30))
def test_every_closure_of_which_the_beginning_is_known_is_in_one_bar(spans: list[timedelta]) -> None:
    closures = (*(Closure(NOW - span, NOW) for span in spans), Closure(None, NOW))
    found = make_document(report_of(()), ENDING, surroundings(*closures))["revocations"]
    assert sum(bar["count"] for bar in found["histogram"]) == len(spans)
    assert (found["carriedOut"], found["withoutBeginning"]) == (len(spans) + 1, 1)
    assert found["late"] == sum(span > 48 * HOUR for span in spans)
    assert found["longestSeconds"] == (max(0, round(max(spans).total_seconds())) if spans else None)


def test_the_bars_begin_behind_the_one_before() -> None:
    spans = (timedelta(0), timedelta(minutes=5), timedelta(minutes=5, seconds=1), 24 * HOUR, 48 * HOUR, 200 * HOUR)
    found = make_document(report_of(()), ENDING, surroundings(*(Closure(NOW - one, NOW) for one in spans)))
    assert [bar["count"] for bar in found["revocations"]["histogram"]] == [2, 1, 0, 1, 1, 0, 1]


def test_a_run_that_could_not_read_okta_does_not_count_as_a_listing() -> None:
    blind = PastRun("blind", "apply", NOW - 3 * HOUR, NOW - 2 * HOUR, 3, {})
    sighted = PastRun("sighted", "apply", NOW - 31 * HOUR, NOW - 30 * HOUR, 0, {"in-sync": 4})
    found = make_document(report_of(()), ENDING, surroundings(runs=(blind, sighted)))
    assert found["freshness"]["late"]
    assert found["freshness"]["gapSeconds"] == 30 * 3600 - 60
    assert [one["drifted"] for one in found["history"]] == [0, None, 0]


def test_the_seal_names_exactly_one_listing() -> None:
    report = report_of(())
    seals = {
        make_document(one, ENDING, around())["seal"]["digest"]
        for one in (
            report,
            replace(report, snapshot_id="other"),
            replace(report, sealed=NOW),
            replace(report, app="hr"),
        )
    }
    assert len(seals) == 4
