"""One schedule of pushed groups: both sides move, listings lie, a process dies or is overtaken; nobody loses a place.

The machinery is that of `tests.proof.schedules`; here are the moves of groups and the end of such a schedule.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar, Final

from scim.resource import Member, MembershipChange
from syncd.core.planning import Plan
from syncd.core.subjects import Origin
from syncd.store import SqlDatabase
from syncd.workflows.desk import Desk
from syncd.workflows.reconcile import report_drift
from syncd.workflows.running import RunResult
from tests.proof.group_invariants import GroupMonitor
from tests.proof.group_world import BOARD, CREW, GUIDES, LATER, LEFTOVER, STAFF, GroupWorld
from tests.proof.invariants import ViolationError
from tests.proof.schedules import MOVES, OPERATOR, Move, Schedule
from tests.proof.world import ADMINS, Person

DRIFT_BETWEEN_RUNS: Final = 0.7
NAMES: Final = (ADMINS, CREW, GUIDES, "Chiefs", "Tours")


class GroupSchedule(Schedule):
    """One schedule, from its number to its verdict."""

    drifts: ClassVar[tuple[int, int]] = (2, 12)
    world: GroupWorld

    def _new_world(self, database: SqlDatabase) -> GroupWorld:
        return GroupWorld(database, f"groups{self._number}", self._rng)

    def _new_monitor(self) -> GroupMonitor:
        return GroupMonitor(self.world)

    def _moves(self) -> Mapping[str, tuple[int, Move]]:
        return GROUP_MOVES

    def _begin_with_drift(self) -> None:
        self._drift({name: weight for name, (weight, _, _) in _DRIFTS.items()})

    def _let_time_pass(self) -> None:
        self.world.now += 1
        while self._rng.random() < DRIFT_BETWEEN_RUNS:
            self._drift({name: weight for name, (_, weight, _) in _DRIFTS.items()})

    def _drift(self, weights: Mapping[str, int]) -> None:
        person = self._rng.choice(self.world.people)
        (name,) = self._rng.choices(list(weights), list(weights.values()))
        self.world.log.append(f"{name} {self.world.people.index(person)}")
        _DRIFTS[name][-1](self, person)

    # -- what moves

    def a_group(self, person: Person, *, holding: bool) -> str:
        """Return a group in Okta that holds somebody, or does not; where there is none, or for a change, any group."""
        members = self.world.okta.members
        fitting = [one for one, ids in members.items() if (person.okta_user_id in ids) is holding]
        return self._rng.choice(fitting if fitting and self._rng.random() < 0.7 else list(members))

    def take_out(self, person: Person, *, lands: bool) -> None:
        """Take somebody out of a group in Okta."""
        okta_group_id = self.a_group(person, holding=True)
        self._leave(okta_group_id, person)
        local = self.world.pushed_to(okta_group_id)
        if lands and local is not None:
            self.world.regroup(local, MembershipChange(remove=(person.account_id,)))

    def take_in(self, person: Person, *, lands: bool) -> None:
        """Take somebody into a group in Okta."""
        okta_group_id = self.a_group(person, holding=False)
        members = self.world.okta.members[okta_group_id]
        if person.okta_user_id is not None and person.okta_user_id not in members:
            members.append(person.okta_user_id)
        local = self.world.pushed_to(okta_group_id)
        if lands and local is not None:
            self.world.regroup(local, MembershipChange(add=(Member(person.account_id),)))

    def take_many_out(self, _person: Person) -> None:
        """Take more people out of a group in Okta than a run may follow, and lose the pushes."""
        members = self.world.okta.members[self._rng.choice(list(self.world.okta.members))]
        del members[len(members) * 2 // 3 :]

    def _leave(self, okta_group_id: str, person: Person) -> None:
        members = self.world.okta.members[okta_group_id]
        members[:] = [one for one in members if one != person.okta_user_id]

    def regroup_here(self, person: Person) -> None:
        """Put somebody into a group here, or take them out, without Okta."""
        group = self._rng.choice(self.world.groups_here())
        is_member = person.account_id in self.world.members_here(group.id)
        out, into = MembershipChange(remove=(person.account_id,)), MembershipChange(add=(Member(person.account_id),))
        self.world.regroup(group.id, out if is_member else into)

    def rename(self, _person: Person, *, lands: bool) -> None:
        """Rename a group in Okta."""
        okta_group_id = self._a_push()
        if okta_group_id is not None:
            name = self._rng.choice(NAMES)
            self.world.okta.change_push(okta_group_id, name=name)
            local = self.world.pushed_to(okta_group_id)
            if lands and local is not None:
                self.world.regroup(local, MembershipChange(), displayName=name)

    def _a_push(self) -> str | None:
        return self._rng.choice(list(self.world.okta.mappings) or [None])

    def unlink(self, _person: Person) -> None:
        """End the push of a group, or begin it again."""
        unlinked, mappings = self.world.unlinked, self.world.okta.mappings
        if unlinked and self._rng.random() < 0.5:
            mappings.update([unlinked.popitem()])
        elif okta_group_id := self._a_push():
            unlinked[okta_group_id] = mappings.pop(okta_group_id)

    def pause(self, _person: Person) -> None:
        """Let the push of a group rest, fail or go on."""
        okta_group_id = self._a_push()
        if okta_group_id is not None:
            self.world.okta.change_push(okta_group_id, status=self._rng.choice(["ACTIVE", "INACTIVE", "ERROR"]))

    def show(self, _person: Person) -> None:
        """Let the listing of a group be short, empty or of now, whatever comes; or let it be true again."""
        okta = self.world.okta
        okta_group_id = self._rng.choice(list(okta.members))
        members = okta.members[okta_group_id]
        shown = self._rng.choice([[], members[::2], members[1:], list(members)])
        if okta.shown.pop(okta_group_id, None) is None:
            okta.shown[okta_group_id] = shown

    def unlist(self, _person: Person) -> None:
        """Leave a push out of the list of pushes, or leave it in again."""
        self.world.okta.unlisted ^= {self._rng.choice(list(self.world.okta.members))}

    def lose_page(self, _person: Person) -> None:
        """Have a page of members fail, or never arrive; or let every page be there."""
        okta = self.world.okta
        if okta.failing_members_page or okta.lost_members_page:
            okta.failing_members_page = okta.lost_members_page = None
        elif self._rng.random() < 0.5:
            okta.failing_members_page = self._rng.randint(1, 2)
        else:
            okta.lost_members_page = self._rng.randint(1, 2)

    def hide(self, _person: Person) -> None:
        """Take the right to see groups away, or give it back."""
        self.world.okta.groups_hidden = not self.world.okta.groups_hidden

    def push_another(self, person: Person) -> None:
        """Push a group whose name is that of one that Okta did not make, or make one here of that name."""
        if self._rng.random() < 0.5:
            self.world.okta.push_group(self._rng.choice([LEFTOVER, BOARD]), [person.okta_user_id or ""])
        elif all(one.name != LATER for one in self.world.groups_here()):
            number = min(self.world.people.index(person), STAFF - 1)
            self.world.form(LATER, (number,), self._rng.choice([Origin.SCIM, Origin.LOCAL]))

    def become_another(self, person: Person) -> None:
        """Give the account to another user of Okta's, in the same groups or in all, beside the former or alone."""
        former = person.okta_user_id
        okta_user_id = self.world.relink(person, lands=self._rng.random() < 0.7)
        in_all, alone = self._rng.random() < 0.5, self._rng.random() < 0.5
        for members in self.world.okta.members.values():
            if in_all or former in members:
                members.append(okta_user_id)
            if alone and former in members:
                members.remove(former)

    # -- the end

    def _is_over(self, plan: Plan) -> bool:
        """Approve what a plan proposes: whatever is left then never happens."""
        if plan.items:
            with self.world.database.transaction(self.world.app, OPERATOR) as unit:
                unit.decisions.approve(plan.digest, "bob", "right", timedelta(hours=4))
        return not plan.items

    def _agreed(self) -> None:
        super()._agreed()
        okta, groups = self.world.okta, {one.id: one for one in self.world.groups_here()}
        for mapping in okta.mappings.values():
            group = groups.get(mapping.target_group_id or "")
            names = [*(one.name for one in okta.mappings.values()), *(one.name for one in groups.values())]
            is_clear = mapping.status != "INACTIVE" and names.count(mapping.name or "") <= 1 + (group is not None)
            if group is not None and is_clear and mapping.name == group.name:
                self._alike(group.id, okta.members[mapping.okta_group_id])

    def _alike(self, group_id: str, in_okta: list[str]) -> None:
        """Everybody who is certain is a member on both sides or on none."""
        here = self.world.members_here(group_id)
        with self.world.database.reading(self.world.app) as unit:
            admins = unit.admins(self.world.policy.admin_groups)
            accounts = {
                one.account_id: unit.resources.read("User", one.account_id).document for one in self.world.people
            }
        for number, person in enumerate(self.world.people):
            document = accounts[person.account_id]
            is_last = person.account_id in admins and len(admins) <= self.world.policy.min_admins
            is_certain = document["active"] is True and document.get("externalId") == person.okta_user_id
            if not is_certain or is_last or person.account_id in self.world.spared:
                continue
            is_member, is_here = person.okta_user_id in in_okta, person.account_id in here
            is_missing = is_member and not is_here and person.okta_user_id in self.world.okta.assigned
            if is_missing or (is_here and not is_member):
                raise ViolationError(f"I18: {number} differs in {group_id} for good\n" + "\n".join(self.world.log))

    def _rests(self, desk: Desk, work: Callable[[Desk], RunResult] = report_drift) -> None:
        super()._rests(desk, work)
        self._apply(desk)  # ends the quarantine of a plan that was stopped
        super()._rests(desk, self._apply)


class LongGroupSchedule(GroupSchedule):
    """One schedule of many runs, with a budget of memberships that one run can use up."""

    runs: ClassVar[int] = 6

    def _new_world(self, database: SqlDatabase) -> GroupWorld:
        world = super()._new_world(database)
        world.policy = replace(world.policy, budget_members_day=4, budget_members_week=4)
        return world


_DRIFTS: Final[Mapping[str, tuple[int, int, Move]]] = {
    "Okta took out": (8, 2, lambda one, who: one.take_out(who, lands=False)),
    "Okta took in": (4, 2, lambda one, who: one.take_in(who, lands=False)),
    "Okta took many out": (1, 0, GroupSchedule.take_many_out),
    "Okta renamed": (3, 4, lambda one, who: one.rename(who, lands=False)),
    "somebody regrouped": (2, 1, GroupSchedule.regroup_here),
    "a push rested or went on": (3, 4, GroupSchedule.pause),
    "a push ended or began": (3, 4, GroupSchedule.unlink),
    "somebody was another one": (2, 1, GroupSchedule.become_another),
    "Okta unassigned": (1, 1, lambda one, who: one.world.unassign(who)),
}
"""What has happened before the first run, how often beside the others, how often between two runs, and how."""

GROUP_MOVES: Final[Mapping[str, tuple[int, Move]]] = {
    **{name: (max(1, weight // 4), move) for name, (weight, move) in MOVES.items()},
    "Okta takes out, and pushes it, of a group": (6, lambda one, who: one.take_out(who, lands=True)),
    "Okta takes out of a group": (8, lambda one, who: one.take_out(who, lands=False)),
    "Okta takes in, and pushes it, of a group": (6, lambda one, who: one.take_in(who, lands=True)),
    "Okta takes into a group": (8, lambda one, who: one.take_in(who, lands=False)),
    "Okta takes many out": (1, GroupSchedule.take_many_out),
    "somebody regroups": (5, GroupSchedule.regroup_here),
    "Okta renames, and pushes it, a group": (1, lambda one, who: one.rename(who, lands=True)),
    "Okta renames a group": (3, lambda one, who: one.rename(who, lands=False)),
    "a push ends or begins": (6, GroupSchedule.unlink),
    "a push rests or goes on": (6, GroupSchedule.pause),
    "a listing of members lies or not": (3, GroupSchedule.show),
    "a page of members fails or not": (2, GroupSchedule.lose_page),
    "a push is not listed or is": (1, GroupSchedule.unlist),
    "groups are hidden or shown": (1, GroupSchedule.hide),
    "there is another group": (1, GroupSchedule.push_another),
    "somebody is another one in Okta": (8, GroupSchedule.become_another),
    "Okta answers or not about": (3, MOVES["Okta answers or not about"][1]),
    "the administrators lose": (3, MOVES["the administrators lose"][1]),
    "somebody protects": (3, MOVES["somebody protects"][1]),
    "somebody holds": (3, MOVES["somebody holds"][1]),
    "the process dies": (12, Schedule.die),
    "another run takes over": (3, Schedule.steal),
}
"""What can happen, how often beside the others, and how."""
