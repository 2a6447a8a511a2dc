"""A push that changes nothing is acknowledged like any other: no effect that was decided before it undoes it."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from threading import Thread
from typing import Any

import pytest

from scim.reprovision import Reprovision
from scim.resource import MembershipChange
from syncd.core.changes import Cause
from syncd.core.situations import Effect
from syncd.ports import Lease, OutcomeKind
from syncd.workflows.apply_plan import Outcome, Step, apply_plan, work_of
from syncd.workflows.desk import LEASE_LASTS
from syncd.workflows.explain import explain
from syncd.workflows.reconcile import reconcile, report_drift, resume
from syncd.workflows.survey import survey
from tests.workflows.conftest import APP, CAUSE, LOGINS, Office, unassign
from tests.workflows.pushed_groups import GROUPS, form, members, okta_ids
from tests.workflows.pushing import Answer, Pusher

NOT_SO = "no push has confirmed"


@dataclass
class Applying:
    """A run that is about to carry its plan out. `outcomes` grows."""

    run_id: str
    lease: Lease
    kernel: Generator[Step, None, None]
    outcomes: list[Outcome]
    effects: list[Effect]

    def to(self, step: Step) -> None:
        """Go on to the next such step."""
        while next(self.kernel) is not step:
            pass


def begun(office: Office) -> Applying:
    with office.database.transaction(APP, CAUSE) as unit:
        lease = unit.acquire_lease("a run", LEASE_LASTS)
        run_id = unit.runs.begin("apply", lease)
    report = survey(office.desk, run_id, lease)
    outcomes: list[Outcome] = []
    kernel = apply_plan(office.desk, work_of(run_id, lease, report.plan, report.verdict), outcomes)
    return Applying(run_id, lease, kernel, outcomes, [item.effect for item in report.plan.items])


def approve(office: Office) -> None:
    """Approve what the next run plans."""
    report = report_drift(office.desk).report
    assert report is not None
    with office.database.transaction(APP, CAUSE) as unit:
        unit.decisions.approve(report.plan.digest, "boss", "as it should be", LEASE_LASTS)


def pusher_of(office: Office) -> Pusher:
    return Pusher(office.database, APP, reprovision=Reprovision.ADOPT)


def acknowledged(office: Office, path: str, push: Callable[[Pusher, str, dict[str, Any]], Answer]) -> None:
    """Push the resource as it is, over SCIM, and see that it is acknowledged and moves no version."""
    pusher = pusher_of(office)
    before = pusher.send("GET", path).body
    answer = push(pusher, path, before)
    assert answer.status in {200, 201, 204}, answer
    assert pusher.send("GET", path).body["meta"]["version"] == before["meta"]["version"]


def put(pusher: Pusher, path: str, body: dict[str, Any]) -> Answer:
    return pusher.send("PUT", path, body)


def put_from_nowhere(pusher: Pusher, path: str, body: dict[str, Any]) -> Answer:
    return pusher.send("PUT", path, {name: value for name, value in body.items() if name not in {"meta", "id"}})


def put_if_match(pusher: Pusher, path: str, body: dict[str, Any]) -> Answer:
    return pusher.send("PUT", path, body, if_match=body["meta"]["version"])


def patch_active(pusher: Pusher, path: str, body: dict[str, Any]) -> Answer:
    operation = {"op": "replace", "path": "active", "value": body["active"]}
    return pusher.send("PATCH", path, {"Operations": [operation]})


def patch_in_bulk(pusher: Pusher, path: str, body: dict[str, Any]) -> Answer:
    data = {"Operations": [{"op": "replace", "value": {"active": body["active"]}}]}
    answer = pusher.send("POST", "/Bulk", {"Operations": [{"method": "PATCH", "path": path, "data": data}]})
    assert [one["status"] for one in answer.body["Operations"]] == ["200"]
    return answer


def post_again(pusher: Pusher, _path: str, body: dict[str, Any]) -> Answer:
    return pusher.send("POST", "/Users", {name: body[name] for name in ("userName", "externalId", "active")})


OF_ACCOUNTS = [put, put_from_nowhere, put_if_match, patch_active, patch_in_bulk, post_again]


# ------------------------------------------------------------------ accounts


@pytest.mark.parametrize("step", [Step.BEGUN, Step.ASKED, Step.INTENDED])
@pytest.mark.parametrize("push", OF_ACCOUNTS, ids=lambda push: push.__name__)
def test_who_is_assigned_again_and_pushed_open_stays_open(
    office: Office, crowd: list[str], push: Callable[[Pusher, str, dict[str, Any]], Answer], step: Step
) -> None:
    who = office.okta_id(LOGINS[0])
    row = office.okta.assigned[who]
    unassign(office, LOGINS[0])
    report_drift(office.desk)
    run = begun(office)
    assert run.effects == [Effect.DEACTIVATE]
    run.to(step)
    if step is not Step.BEGUN:
        office.okta.assigned[who] = row
    acknowledged(office, f"/Users/{crowd[0]}", push)
    list(run.kernel)
    assert office.is_open(crowd[0])
    (outcome,) = run.outcomes
    assert (outcome.kind, NOT_SO in outcome.reason) == (OutcomeKind.SKIPPED, True)


@pytest.mark.parametrize("step", [Step.ASKED, Step.INTENDED])
def test_who_is_pushed_closed_is_not_opened(office: Office, crowd: list[str], step: Step) -> None:
    office.edit(crowd[0], active=False)
    approve(office)
    run = begun(office)
    assert run.effects == [Effect.REACTIVATE]
    run.to(step)
    acknowledged(office, f"/Users/{crowd[0]}", patch_active)
    list(run.kernel)
    assert not office.is_open(crowd[0])
    assert NOT_SO in run.outcomes[0].reason


def test_what_is_pushed_as_it_is_here_is_not_updated_to_what_was_listed(office: Office, crowd: list[str]) -> None:
    row = office.okta.assigned[office.okta_id(LOGINS[0])]
    office.okta.assigned[row.okta_user_id] = replace(row, attributes={"name.givenName": "Listed"})
    office.edit(crowd[0], name={"givenName": "Pushed"})
    run = begun(office)
    assert run.effects == [Effect.UPDATE]
    run.to(Step.INTENDED)
    acknowledged(office, f"/Users/{crowd[0]}", put)
    list(run.kernel)
    with office.database.reading(APP) as unit:
        assert unit.resources.read("User", crowd[0]).document["name"] == {"givenName": "Pushed"}
    assert NOT_SO in run.outcomes[0].reason


def test_the_others_of_the_plan_are_done_and_the_next_run_does_what_was_left(office: Office, crowd: list[str]) -> None:
    unassign(office, *LOGINS[:3])
    report_drift(office.desk)
    run = begun(office)
    run.to(Step.BEGUN)
    acknowledged(office, f"/Users/{crowd[1]}", put)
    list(run.kernel)
    with office.database.transaction(APP, CAUSE) as unit:
        unit.runs.end(run.run_id, 7, {})
        unit.release_lease(run.lease)
    assert [office.is_open(one) for one in crowd[:3]] == [False, True, False]
    assert reconcile(office.desk, apply=True).applied == 1
    assert not office.is_open(crowd[1])


def test_a_push_between_two_runs_does_not_hold_the_second_one_up(office: Office, crowd: list[str]) -> None:
    unassign(office, LOGINS[0])
    report_drift(office.desk)
    acknowledged(office, f"/Users/{crowd[0]}", put)
    assert reconcile(office.desk, apply=True).applied == 1


@pytest.mark.parametrize("step", [Step.BEGUN, Step.ASKED, Step.INTENDED])
@pytest.mark.parametrize("released", [True, False])
@pytest.mark.parametrize("dead", [True, False])
def test_a_push_counts_for_a_run_that_died_before_or_after_it(
    office: Office, crowd: list[str], step: Step, *, released: bool, dead: bool
) -> None:
    """Okta answers that the person is not assigned even when the run is finished; the push is younger than the plan."""
    unassign(office, LOGINS[0])
    report_drift(office.desk)
    run = begun(office)
    run.to(step)
    path = f"/Users/{crowd[0]}"
    if not dead:
        acknowledged(office, path, patch_active)
    run.kernel.close()
    with office.database.transaction(APP, CAUSE) as unit:
        unit.release_lease(run.lease)
        if not released:
            unit.acquire_lease("who dies as well", -LEASE_LASTS)
    if dead:
        acknowledged(office, path, patch_active)
    resume(office.desk)
    with office.database.reading(APP) as unit:
        kept = unit.runs.kept(run.run_id)
    assert kept is not None
    assert [(one.outcome, NOT_SO in (one.reason or "")) for one in kept.items] == [(OutcomeKind.SKIPPED, True)]
    assert office.is_open(crowd[0])
    assert reconcile(office.desk, apply=True).applied == 1


def carried_out_beside_a_push(office: Office, run: Applying, of: tuple[str, str]) -> None:
    """Let the effect begin while a push holds the resource, and has yet to find that it changes nothing."""
    effect = Thread(target=list, args=[run.kernel])
    with office.database.transaction(APP, Cause("token:test")) as unit:
        stored = unit.resources.read(*of, with_members=False)
        effect.start()
        effect.join(0.5)
        assert effect.is_alive(), "the effect waits for the push"
        unit.resources.update(stored, stored.document, MembershipChange(), with_members=False)
    effect.join()


def test_an_effect_that_waited_for_a_push_does_not_undo_it(office: Office, crowd: list[str]) -> None:
    unassign(office, LOGINS[0])
    report_drift(office.desk)
    run = begun(office)
    run.to(Step.INTENDED)
    carried_out_beside_a_push(office, run, ("User", crowd[0]))
    assert office.is_open(crowd[0])
    assert NOT_SO in run.outcomes[0].reason


def test_an_explanation_is_of_the_next_run_which_begins_after_the_push(office: Office, crowd: list[str]) -> None:
    unassign(office, LOGINS[0])
    report_drift(office.desk)
    begun(office).to(Step.BEGUN)
    acknowledged(office, f"/Users/{crowd[0]}", put)
    (told,) = explain(office.desk, crowd[0])
    assert ("no push has confirmed it since the run began", True) in told.judgement.checks
    assert told.judgement.verdict.startswith("the next run with --apply would deactivate it")


# ------------------------------------------------------------------ groups


@pytest.fixture
def guides(office: Office) -> tuple[list[str], str, str]:
    """Six people, and a group of the first four that both sides agree about: SCIM ids, and the Okta group id."""
    office.policy = GROUPS
    staff = [office.hire(login) for login in LOGINS]
    local = form(office, "Guides", staff[:4])
    return staff, local, office.okta.push_group("Guides", okta_ids(office, 0, 1, 2, 3), target=local)


def patch_members(op: str, number: int) -> Callable[[Pusher, str, dict[str, Any]], Answer]:
    """Return a push that adds the member of that place in the group, or removes somebody who is none."""

    def push(pusher: Pusher, path: str, body: dict[str, Any]) -> Answer:
        if op == "add":
            operation = {"op": "add", "path": "members", "value": [{"value": body["members"][number]["value"]}]}
        else:
            others = [one["id"] for one in pusher.send("GET", "/Users").body["Resources"]]
            (absent, *_) = {*others} - {one["value"] for one in body["members"]}
            operation = {"op": "remove", "path": f'members[value eq "{absent}"]'}
        return pusher.send("PATCH", path, {"Operations": [operation]})

    return push


OF_GROUPS = {
    "a member is added again": patch_members("add", 3),
    "another member is added again": patch_members("add", 0),
    "who is none is taken out": patch_members("remove", 0),
    "the group is put as it is": put,
}


@pytest.mark.parametrize("step", [Step.ASKED, Step.INTENDED])
@pytest.mark.parametrize("push", OF_GROUPS.values(), ids=OF_GROUPS)
def test_who_is_pushed_as_a_member_stays_one(
    office: Office,
    guides: tuple[list[str], str, str],
    push: Callable[[Pusher, str, dict[str, Any]], Answer],
    step: Step,
) -> None:
    staff, local, okta_group_id = guides
    office.okta.members[okta_group_id].remove(office.okta_id(LOGINS[3]))
    run = begun(office)
    assert run.effects == [Effect.REMOVE_MEMBER]
    run.to(step)
    acknowledged(office, f"/Groups/{local}", push)
    list(run.kernel)
    assert members(office, local) == set(staff[:4])
    assert NOT_SO in run.outcomes[0].reason


@pytest.mark.parametrize("step", [Step.ASKED, Step.INTENDED])
def test_who_is_pushed_out_again_is_not_added(office: Office, guides: tuple[list[str], str, str], step: Step) -> None:
    staff, local, okta_group_id = guides
    office.okta.members[okta_group_id].append(office.okta_id(LOGINS[4]))
    approve(office)
    run = begun(office)
    assert run.effects == [Effect.ADD_MEMBER]
    run.to(step)
    acknowledged(office, f"/Groups/{local}", patch_members("remove", 0))
    list(run.kernel)
    assert members(office, local) == set(staff[:4])
    assert NOT_SO in run.outcomes[0].reason


def test_an_effect_that_waited_for_a_push_of_the_group_does_not_undo_it(
    office: Office, guides: tuple[list[str], str, str]
) -> None:
    staff, local, okta_group_id = guides
    office.okta.members[okta_group_id].remove(office.okta_id(LOGINS[3]))
    run = begun(office)
    run.to(Step.INTENDED)
    carried_out_beside_a_push(office, run, ("Group", local))
    assert members(office, local) == set(staff[:4])
    assert NOT_SO in run.outcomes[0].reason


def test_a_name_that_is_pushed_as_it_is_stays(office: Office, guides: tuple[list[str], str, str]) -> None:
    _, local, okta_group_id = guides
    office.okta.change_push(okta_group_id, name="Tours")
    run = begun(office)
    assert run.effects == [Effect.RENAME_GROUP]
    run.to(Step.INTENDED)
    acknowledged(office, f"/Groups/{local}", put)
    list(run.kernel)
    with office.database.reading(APP) as unit:
        assert unit.resources.read("Group", local).document["displayName"] == "Guides"
    assert NOT_SO in run.outcomes[0].reason


def test_a_push_between_two_effects_ends_what_is_left_of_the_group_and_the_next_run_does_it(
    office: Office, guides: tuple[list[str], str, str]
) -> None:
    staff, local, okta_group_id = guides
    office.okta.members[okta_group_id][1:] = []
    run = begun(office)
    run.to(Step.CONCLUDED)
    acknowledged(office, f"/Groups/{local}", put)
    list(run.kernel)
    kinds = [one.kind for one in run.outcomes]
    assert kinds == [OutcomeKind.DONE, OutcomeKind.SKIPPED, OutcomeKind.SKIPPED]
    with office.database.transaction(APP, CAUSE) as unit:
        unit.runs.end(run.run_id, 7, {})
        unit.release_lease(run.lease)
    assert reconcile(office.desk, apply=True).applied == 2
    assert members(office, local) == {staff[0]}
