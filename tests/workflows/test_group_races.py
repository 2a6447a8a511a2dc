"""Groups: whatever moves between plan and effect wins, and a run that dies or loses its lease takes nobody else out."""

from collections.abc import Callable, Generator

import pytest

from scim.resource import Member, MembershipChange
from syncd.core.situations import Situation
from syncd.ports import Lease, LeaseLostError, OutcomeKind
from syncd.workflows.apply_plan import Outcome, Step, Work, apply_plan
from syncd.workflows.desk import LEASE_LASTS
from syncd.workflows.reconcile import reconcile, resume
from syncd.workflows.running import ExitCode
from syncd.workflows.survey import survey
from tests.workflows.conftest import APP, CAUSE, LOGINS, Office
from tests.workflows.pushed_groups import GROUPS, form, group_counts, members, okta_ids, regroup


@pytest.fixture
def staff(office: Office) -> list[str]:
    """Six people, assigned and pushed; their SCIM ids."""
    office.policy = GROUPS
    return [office.hire(login) for login in LOGINS]


@pytest.fixture
def guides(office: Office, staff: list[str]) -> tuple[str, str]:
    """A group that both sides agree about, of the first four: its SCIM id, and its Okta group id."""
    local = form(office, "Guides", staff[:4])
    return local, office.okta.push_group("Guides", okta_ids(office, 0, 1, 2, 3), target=local)


@pytest.mark.parametrize("moment", ["before_members", "before_lookup"])
def test_a_push_that_lands_meanwhile_wins(
    office: Office, staff: list[str], guides: tuple[str, str], moment: str
) -> None:
    local, okta_group_id = guides
    office.okta.members[okta_group_id][2:] = []

    def push(_: object) -> None:
        setattr(office.okta, moment, lambda _: None)
        regroup(office, local, MembershipChange(add=(Member(staff[5]),)))

    setattr(office.okta, moment, push)
    result = reconcile(office.desk, apply=True)
    assert result.applied == 0
    assert (Situation.UNKNOWN in group_counts(result)) == (moment == "before_members")
    assert members(office, local) == {*staff[:4], staff[5]}


def test_who_comes_back_between_plan_and_effect_stays(
    office: Office, staff: list[str], guides: tuple[str, str]
) -> None:
    local, okta_group_id = guides
    back = office.okta_id(LOGINS[3])
    office.okta.members[okta_group_id].remove(back)
    office.okta.before_lookup = lambda _: office.okta.members[okta_group_id].append(back)
    result = reconcile(office.desk, apply=True)
    assert (result.exit_code, result.applied) == (ExitCode.PARTIAL, 0)
    assert "does not bear it out" in result.outcomes[0].reason
    assert members(office, local) == set(staff[:4])


def test_an_answer_that_is_not_definitive_takes_nobody_out(
    office: Office, staff: list[str], guides: tuple[str, str]
) -> None:
    local, okta_group_id = guides
    office.okta.members[okta_group_id].remove(office.okta_id(LOGINS[3]))
    office.okta.unanswered.add(office.okta_id(LOGINS[3]))
    assert reconcile(office.desk, apply=True).applied == 0
    assert members(office, local) == set(staff[:4])


# ------------------------------------------------------------------ runs that die, and runs that lose their lease


def kernel_of(office: Office) -> tuple[Generator[Step, None, None], Lease]:
    with office.database.transaction(APP, CAUSE) as unit:
        lease = unit.acquire_lease("a run", LEASE_LASTS)
        run_id = unit.runs.begin("apply", lease)
    report = survey(office.desk, run_id, lease)
    outcomes: list[Outcome] = []
    return apply_plan(office.desk, Work(run_id, lease, tuple(enumerate(report.plan.items))), outcomes), lease


def die(office: Office) -> None:
    """Let a run make its plan, and die before its first effect."""
    kernel, lease = kernel_of(office)
    assert next(kernel) is Step.BEGUN
    kernel.close()
    with office.database.transaction(APP, CAUSE) as unit:
        unit.release_lease(lease)


def removals(office: Office, group_id: str) -> int:
    return office.actions(group_id).count("group:members-changed")


@pytest.mark.parametrize("dies_after", range(1, 11))
def test_a_run_that_dies_anywhere_is_finished_by_the_next(
    office: Office, staff: list[str], guides: tuple[str, str], dies_after: int
) -> None:
    local, okta_group_id = guides
    office.okta.members[okta_group_id][1:] = []
    kernel, lease = kernel_of(office)
    for _ in range(dies_after):
        next(kernel)
    kernel.close()
    with office.database.transaction(APP, CAUSE) as unit:
        unit.release_lease(lease)
    reconcile(office.desk, apply=True)
    assert members(office, local) == {staff[0]}
    assert removals(office, local) == 3


def test_what_a_run_left_of_a_group_is_where_its_successor_goes_on(
    office: Office, staff: list[str], guides: tuple[str, str]
) -> None:
    local, okta_group_id = guides
    office.okta.members[okta_group_id][1:] = []
    kernel, lease = kernel_of(office)
    while next(kernel) is not Step.CONCLUDED:
        pass
    kernel.close()
    with office.database.transaction(APP, CAUSE) as unit:
        (run,) = unit.runs.latest(1)
        unit.release_lease(lease)
    resume(office.desk)
    with office.database.reading(APP) as unit:
        kept = unit.runs.kept(run.run_id)
    assert kept is not None
    assert [one.outcome for one in kept.items] == [OutcomeKind.DONE] * 3
    assert members(office, local) == {staff[0]}


@pytest.mark.parametrize("since", ["unlinked", "paused", "renamed", "hidden"])
def test_a_run_that_died_leaves_a_group_that_is_pushed_no_more_or_under_another_name(
    office: Office, staff: list[str], guides: tuple[str, str], since: str
) -> None:
    local, okta_group_id = guides
    office.okta.change_push(okta_group_id, name="Tours")
    if since != "renamed":
        office.okta.members[okta_group_id][3:] = []
    die(office)
    if since == "unlinked":
        del office.okta.mappings[okta_group_id]
    elif since == "hidden":
        office.okta.groups_hidden = True
    else:
        changes = {"paused": {"status": "INACTIVE"}, "renamed": {"name": "Guides"}}
        office.okta.change_push(okta_group_id, **changes[since])
    resume(office.desk)
    assert members(office, local) == set(staff[:4])
    with office.database.reading(APP) as unit:
        assert unit.resources.read("Group", local).document["displayName"] == "Guides"
        kept = unit.runs.kept(unit.runs.latest(1)[0].run_id)
    assert kept is not None
    assert {one.outcome for one in kept.items} == {OutcomeKind.SKIPPED}


def _another_group_here(office: Office, _local: str, okta_group_id: str) -> None:
    office.okta.change_push(okta_group_id, name="Tours")
    form(office, "Tours", [])


def _another_push_of_the_name(office: Office, _local: str, _okta_group_id: str) -> None:
    office.okta.push_group("guides", okta_ids(office, 0, 1, 2))


def _another_push_of_the_id(office: Office, local: str, _okta_group_id: str) -> None:
    office.okta.push_group("Tours", okta_ids(office, 0, 1, 2), target=local)


def _tied_by_name(office: Office, _local: str, okta_group_id: str) -> None:
    office.okta.change_push(okta_group_id, target_group_id=None)


def _tied_to_another(office: Office, _local: str, okta_group_id: str) -> None:
    office.okta.change_push(okta_group_id, name="Tours", target_group_id=form(office, "Tours", []))


@pytest.mark.parametrize(
    ("since", "why"),
    [
        (_another_group_here, "several claim its id or name by now: "),
        (_another_push_of_the_name, "several claim its id or name by now: "),
        (_another_push_of_the_id, "several claim its id or name by now: "),
        (_tied_by_name, "only its name ties the group to Okta's by now"),
        (_tied_to_another, "Okta does not push the group any more"),
    ],
)
def test_a_run_that_died_leaves_a_group_that_others_claim_by_now(
    office: Office, staff: list[str], guides: tuple[str, str], since: Callable[[Office, str, str], None], why: str
) -> None:
    """Nobody is taken out of a group of which a run of now would find that it is another one's too."""
    local, okta_group_id = guides
    office.okta.members[okta_group_id][3:] = []
    die(office)
    since(office, local, okta_group_id)
    resume(office.desk)
    assert members(office, local) == set(staff[:4])
    with office.database.reading(APP) as unit:
        kept = unit.runs.kept(unit.runs.latest(1)[0].run_id)
    assert kept is not None
    assert [one.outcome for one in kept.items] == [OutcomeKind.SKIPPED]
    assert (kept.items[0].reason or "").startswith(why)


@pytest.mark.parametrize("step", list(Step))
def test_a_run_that_lost_its_lease_takes_nobody_out_any_more(
    office: Office, staff: list[str], guides: tuple[str, str], step: Step
) -> None:
    local, okta_group_id = guides
    office.okta.members[okta_group_id][2:] = []
    kernel, lease = kernel_of(office)
    while next(kernel) is not step:
        pass
    before = members(office, local)
    with office.database.transaction(APP, CAUSE) as unit:
        unit.release_lease(lease)
        unit.acquire_lease("the later run", LEASE_LASTS)
    with pytest.raises(LeaseLostError):
        list(kernel)
    assert members(office, local) == before
