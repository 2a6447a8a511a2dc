"""What is told of the figures: nothing that was not measured."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from bench.about import machine, machine_in_words
from bench.document import DOCUMENT, replace_section
from bench.goals import GOALS, goal_rows
from bench.options import read_options
from bench.report import sections
from bench.results import Key, Results
from bench.samples import Sample
from bench.servers import KINDS, chosen

SQLITE, PEER = "syncd-sqlite", "scim2-server"
MANIFEST = Path(__file__).parents[2] / "bench" / "peers" / "scimmy_project" / "package.json"


def sample(rate: float) -> Sample:
    return Sample([1 / rate] * 10, wall=10 / rate)


def results(**rates: float) -> Results:
    found = Results("test", patience=5)
    for server, rate in rates.items():
        found.add(Key("read", 10, server.replace("_", "-")), sample(rate))
    return found


def test_a_ratio_is_our_rate_by_theirs() -> None:
    tables = dict(sections(results(syncd_sqlite=600, scim2_server=100), [SQLITE, PEER]))
    assert re.search(
        r"read a user +\| +6\.00x", tables["How many times as fast syncd is, on the same kind of database"]
    )


def test_there_is_no_ratio_to_what_a_peer_cannot_do() -> None:
    found = results(syncd_sqlite=600)
    found.add(Key("read", 10, PEER), Sample(wrong=Counter({"status 501": 5})))
    tables = dict(sections(found, [SQLITE, PEER]))
    assert "status 501" in tables["How many times as fast syncd is, on the same kind of database"]


def test_a_goal_that_was_not_measured_is_not_reached() -> None:
    rows = goal_rows(Results("test", patience=5))
    assert len(rows) == len(GOALS)
    assert {row[3] for row in rows} == {"?"}


@pytest.mark.parametrize(("ours", "reached"), [(500, "yes"), (300, "NO")])
def test_a_goal_is_held_against_its_bound(ours: float, reached: str) -> None:
    rows = {row[0]: row for row in goal_rows(results(syncd_sqlite=ours, scim2_server=100))}
    assert rows["read, small directory, by the best Python peer"][3] == reached


def test_the_section_is_replaced_and_the_prose_around_it_stays() -> None:
    text = "before\n\n<!-- measured: x -->\nold\n<!-- end: x -->\n\nafter\n"
    once = replace_section(text, "x", "new")
    assert once == "before\n\n<!-- measured: x -->\n\nnew\n\n<!-- end: x -->\n\nafter\n"
    assert replace_section(once, "x", "new") == once


def test_a_document_without_the_section_is_left_alone() -> None:
    with pytest.raises(ValueError, match="no section"):
        replace_section("only prose", "x", "new")


def test_the_document_has_the_measured_section() -> None:
    assert replace_section(DOCUMENT.read_text(encoding="utf-8"), "over HTTP", "new").count("new")


@pytest.mark.parametrize(("load", "told"), [(0.2, False), (3.0, True)])
def test_a_machine_that_had_other_work_is_told_with_the_figures(load: float, told: bool) -> None:
    facts = machine(None) | {"load": load}
    assert ("busy with other work" in machine_in_words(facts)) == told


def test_an_operation_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_options(["--operations", "lookup_hit,fly"])
    assert "no operation of that name: fly" in capsys.readouterr().err


def test_what_a_machine_lacks_is_left_out_and_named() -> None:
    servers, left_out = chosen([], postgres_url=None)
    assert {"syncd-postgresql", "django-scim2-postgresql"} <= set(left_out)
    assert set(servers) | set(left_out) == set(KINDS)


def test_packages_for_node_are_pinned_exactly() -> None:
    pins = json.loads(MANIFEST.read_text(encoding="utf-8"))["dependencies"]
    assert pins
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", pin) for pin in pins.values())
