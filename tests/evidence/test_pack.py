"""What is in a pack, and that nothing of it can be changed."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from syncd.core.changes import Action, Cause
from syncd.core.controls import ControlsError
from syncd.core.notes import VerifierKey
from syncd.evidence import Pack, Supplement, Verified, verify
from syncd.evidence.archive import read
from syncd.signing import is_signed
from syncd.workflows.collect_evidence import NothingSealedError
from tests.evidence.made import Month, month
from tests.support.oscal import trestle, trestle_workspace

Packed = tuple[Month, Pack]


def checked(made: Month, content: bytes, *witnesses: VerifierKey) -> Verified:
    return verify(content, made.key.key, witnesses, is_signed)


def rows(pack: Pack, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(read(pack.content)[name].decode(), newline="")))


def test_a_pack_holds_and_says_what_is_in_it(packed: Packed) -> None:
    made, pack = packed
    found = checked(made, pack.content)
    assert found.manifest["complete"] is True
    assert {name: pack.counts[name] for name in ("population", "matched", "unmatched", "breaches")} == {
        "population": 6,
        "matched": 5,
        "unmatched": 1,
        "breaches": 1,
    }
    assert found.records == pack.counts["records"]


def test_a_row_has_t0_to_t4_and_what_brought_it_about(packed: Packed) -> None:
    _, pack = packed
    (row,) = [
        one for one in rows(pack, "population.csv") if one["oktaUserId"] == "00ubob" and one["movement"] == "leaver"
    ]
    assert row["t0"] == row["t1"] < row["t3"] < row["t4"]
    assert (row["t0Event"], row["t2Request"], row["source"]) == (
        "application.user_membership.remove",
        "req-1",
        "push",
    )
    assert (row["outcome"], row["breach"], row["userName"]) == ("matched", "no", "bob@example.com")
    assert 0 < int(row["elapsedSeconds"]) < 10
    assert int(row["t4Entry"]) < int(row["t4Checkpoint"])


def test_who_was_forgotten_is_listed_as_a_breach_with_the_reason(packed: Packed) -> None:
    _, pack = packed
    (row,) = rows(pack, "unmatched.csv")
    assert (row["side"], row["oktaUserId"]) == ("okta", "00ucid")
    assert row["reason"] == "nothing was done here, and the account is not as it should be"


def test_events_about_other_people_are_counted_and_not_in_the_population(packed: Packed) -> None:
    made, pack = packed
    events = checked(made, pack.content).manifest["events"]
    assert (events["population"], events["other-people"]) == (6, 1)


def test_the_same_evidence_is_the_same_bytes(packed: Packed) -> None:
    made, pack = packed
    assert made.pack().content == pack.content


def test_any_reader_of_zips_can_read_it(packed: Packed) -> None:
    _, pack = packed
    with zipfile.ZipFile(io.BytesIO(pack.content)) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == read(pack.content)


def test_a_cell_is_no_formula_and_markup_stays_text(packed: Packed) -> None:
    made, _ = packed
    evidence = made.collect()
    cases = tuple(replace(case, user_name="<script>=1+1</script>") for case in evidence.population.cases)
    hostile = replace(evidence, population=replace(evidence.population, cases=cases))
    assert b"<script>" not in read(made.pack(hostile).content)["summary.html"]
    cases = tuple(replace(case, user_name="=HYPERLINK()") for case in evidence.population.cases)
    hostile = replace(evidence, population=replace(evidence.population, cases=cases))
    assert {row["userName"] for row in rows(made.pack(hostile), "population.csv")} == {"'=HYPERLINK()"}


# ------------------------------------------------------------------ what is missing is told


def test_a_log_that_could_not_be_read_to_its_end_is_told_in_the_pack(made: Month) -> None:
    made.okta.unhealthy = {"lifecycle"}
    pack = made.pack()
    manifest = checked(made, pack.content).manifest
    assert manifest["complete"] is False
    assert "the events of lifecycle could not be read to their end" in manifest["gaps"][0]
    files = read(pack.content)
    assert b"**not complete**" in files["README.md"]
    assert b"<strong>not complete</strong>" in files["summary.html"]


def test_what_is_not_sealed_yet_is_told(made: Month) -> None:
    made.join("late@example.com", "00ulate")
    assert any("wait to be sealed" in gap for gap in made.collect().gaps)
    made.log.seal()
    gaps = made.collect().gaps
    assert gaps == () or "behind the newest checkpoint" in gaps[0]


def test_nothing_is_packed_where_nothing_was_signed(database: Any, clock: Any, tmp_path: Any) -> None:
    with month(database, clock, tmp_path) as empty, pytest.raises(NothingSealedError, match="init-key"):
        empty.collect()


def test_the_evidence_is_of_one_application_only(made: Month) -> None:
    made.database.ensure_app("other", "0oaother")
    before = read(made.pack().content)["records.ndjson"]
    with made.database.transaction("other", Cause("test")) as unit:
        unit.note(Action.PLAN_BLOCKED, {"why": "of another"})
    made.seal()
    after = read(made.pack().content)["records.ndjson"]
    assert b"of another" not in after
    assert before.count(b"\n") <= after.count(b"\n")


def test_an_own_mapping_is_used_and_a_bad_one_refused(packed: Packed) -> None:
    made, _ = packed
    own = (
        '[[mapping]]\nrecords = ["account:deactivated"]\nshows = "it"\nrelation = "supports"\n'
        '[mapping.controls]\n"SOC 2" = ["CC6.2"]\n'
    )
    table = rows(made.pack(controls=own.encode()), "controls.csv")
    assert [(one["record"], one["count"], one["relation"], one["control"]) for one in table] == [
        ("account:deactivated", "1", "supports", "CC6.2")
    ]
    with pytest.raises(ControlsError):
        made.pack(controls=own.replace("supports", "satisfies").encode())


def test_what_others_made_is_in_the_pack_and_counted(packed: Packed) -> None:
    made, _ = packed
    review = Supplement("reviews/r1.csv", b"a,b\r\n", "an access review", "access-review")
    pack = made.pack(supplements=[review])
    assert read(pack.content)["reviews/r1.csv"] == b"a,b\r\n"
    assert {one["count"] for one in rows(pack, "controls.csv") if one["record"] == "access-review"} == {"1"}
    assert checked(made, pack.content).files == len(read(pack.content))


def test_a_seed_that_is_given_draws_another_sample(packed: Packed) -> None:
    made, pack = packed
    seeds = {checked(made, one.content).manifest["sample"]["seed"] for one in (pack, made.pack(seed="auditor"))}
    assert "auditor" in seeds
    assert len(seeds) == 2


def ids_of(model: Mapping[str, Any]) -> list[str]:
    result = model["assessment-results"]["results"][0]
    return [one["uuid"] for one in result["observations"]]


def test_the_assessment_results_name_each_breach_and_only_what_there_is(packed: Packed) -> None:
    _, pack = packed
    files = read(pack.content)
    model = json.loads(files["oscal.json"])
    result = model["assessment-results"]["results"][0]
    assert len(set(ids_of(model))) == len(ids_of(model))
    assert sum("00ucid" in one["title"] for one in result["observations"]) == 1
    assert {evidence["href"] for one in result["observations"] for evidence in one["relevant-evidence"]} <= files.keys()
    (plan,) = model["assessment-results"]["back-matter"]["resources"]
    assert model["assessment-results"]["import-ap"]["href"] == f"#{plan['uuid']}"


def test_trestle_finds_the_oscal_of_a_pack_valid(packed: Packed, tmp_path_factory: pytest.TempPathFactory) -> None:
    workspace = trestle_workspace(tmp_path_factory)
    done = trestle(workspace, json.loads(read(packed[1].content)["oscal.json"]))
    assert done.returncode == 0, done.stdout + done.stderr
