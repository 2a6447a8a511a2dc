"""OSCAL: valid for compliance-trestle, and whole, which trestle does not ask."""

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.reporting import render
from syncd.reporting.oscal import CONTROLS
from syncd.reporting.references import broken_references
from tests.reporting.documents import clean_document, documents, hostile_document
from tests.support.oscal import trestle, trestle_workspace


def oscal(document: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(render(document, "oscal"))
    return made


def result(document: dict[str, Any]) -> dict[str, Any]:
    (one,) = oscal(document)["assessment-results"]["results"]
    return dict(one)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trestle_workspace(tmp_path_factory)


@pytest.mark.parametrize("document", [hostile_document(), hostile_document(None), clean_document()])
def test_trestle_finds_it_valid(workspace: Path, document: dict[str, Any]) -> None:
    done = trestle(workspace, oscal(document))
    assert done.returncode == 0, done.stdout + done.stderr


def test_trestle_would_find_what_is_wrong(workspace: Path) -> None:
    made = oscal(clean_document())
    del made["assessment-results"]["import-ap"]
    assert trestle(workspace, made).returncode != 0


# ------------------------------------------------------------------ what it says


@given(document=documents())
@settings(max_examples=60, deadline=None)
def test_it_is_whole_whatever_was_found(document: dict[str, Any]) -> None:
    made = oscal(document)
    assert broken_references(made) == []
    found = made["assessment-results"]["results"][0]
    props = {one["name"]: one["value"] for one in found["observations"][0]["props"]}
    assert {name: str(count) for name, count in document["report"]["counts"].items()} == {
        name.removeprefix("accounts-"): value for name, value in props.items()
    }
    states = {one["target"]["target-id"]: one["target"]["status"]["state"] for one in found["findings"]}
    assert (states["ac-2_obj"] == "satisfied") == (document["report"]["drifted"] == 0 and not late(document))


def late(document: dict[str, Any]) -> bool:
    return bool(document["freshness"]["late"] or document["unknown"])


def test_each_exception_is_one_observation_and_each_waiver_a_risk() -> None:
    document = hostile_document()
    found = result(document)
    assert len(found["observations"]) == 1 + document["report"]["drifted"]
    assert [risk["status"] for risk in found["risks"]] == ["deviation-approved", "open"]
    (waived,) = found["risks"][0]["related-observations"]
    assert waived["observation-uuid"] in {one["uuid"] for one in found["observations"]}
    against = {one["observation-uuid"] for one in found["findings"][0]["related-observations"]}
    assert waived["observation-uuid"] not in against, "what is accepted does not count against a control"


def test_nothing_against_a_control_is_said_only_where_everything_is_known() -> None:
    document = clean_document()
    document["freshness"] = {**document["freshness"], "late": False}
    assert {one["target"]["status"]["state"] for one in result(document)["findings"]} == {"satisfied"}
    for doubt in ({"unknown": 1}, {"leftOut": "groups were not looked at: 403"}, {"freshness": {"late": True}}):
        states = {one["target"]["status"]["state"] for one in result({**document, **doubt})["findings"]}
        assert states == {"not-satisfied"}, doubt


def test_the_evidence_is_named_by_the_digest_of_the_json_file() -> None:
    document = hostile_document()
    (_, evidence) = oscal(document)["assessment-results"]["back-matter"]["resources"]
    digest = hashlib.sha256(render(document, "json")).hexdigest()
    assert evidence["rlinks"][0]["hashes"] == [{"algorithm": "SHA-256", "value": digest}]


def test_two_runs_share_no_id() -> None:
    first, second = hostile_document(), copy.deepcopy(hostile_document())
    second["run"]["id"] = second["report"]["run"] = "run-8"

    def ids(document: dict[str, Any]) -> set[str]:
        text = render(document, "oscal").decode()
        return {line.split('"')[3] for line in text.splitlines() if '"uuid":' in line}

    assert len(ids(first)) > len(CONTROLS)
    assert ids(first).isdisjoint(ids(second))


# ------------------------------------------------------------------ whether it holds together


def definitions(made: dict[str, Any]) -> list[dict[str, Any]]:
    """Return everything that has an id, in this document."""
    top = made["assessment-results"]
    found = top["results"][0]
    lists = (found["observations"], found["risks"], found["findings"], top["back-matter"]["resources"])
    return [top, found, *(one for each in lists for one in each)]


WHOLE = oscal(hostile_document())


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_an_id_that_is_there_twice_is_found(data: st.DataObject) -> None:
    made = copy.deepcopy(WHOLE)
    one, other = data.draw(
        st.lists(st.sampled_from(range(len(definitions(made)))), min_size=2, max_size=2, unique=True)
    )
    nodes = definitions(made)
    nodes[one]["uuid"] = nodes[other]["uuid"]
    assert f"{nodes[other]['uuid']} is there more than once" in broken_references(made)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_reference_to_nothing_is_found(data: st.DataObject) -> None:
    made = copy.deepcopy(WHOLE)
    top = made["assessment-results"]
    found = top["results"][0]
    pointed_to = [one["observation-uuid"] for each in found["findings"] for one in each["related-observations"]]
    gone = data.draw(st.sampled_from([*pointed_to, *(one["uuid"] for one in top["back-matter"]["resources"])]))
    found["observations"] = [one for one in found["observations"] if one["uuid"] != gone]
    top["back-matter"]["resources"] = [one for one in top["back-matter"]["resources"] if one["uuid"] != gone]
    assert any(line.startswith(f"{gone} is pointed to, and is not among") for line in broken_references(made))


def test_a_reference_to_something_of_another_kind_is_found() -> None:
    made = copy.deepcopy(WHOLE)
    found = made["assessment-results"]["results"][0]
    found["findings"][0]["related-observations"] = [{"observation-uuid": found["risks"][0]["uuid"]}]
    assert broken_references(made) == [f"{found['risks'][0]['uuid']} is pointed to, and is not among the observations"]


def test_an_address_elsewhere_is_no_reference() -> None:
    assert broken_references({"links": [{"href": "https://example.com/#top"}]}) == []
