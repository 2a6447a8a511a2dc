"""What has to hold of groups after every commit of the reconciler, beside what holds of accounts."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, select

from syncd.core.changes import Action
from syncd.core.groups import Belonging, GroupMapping, LocalGroup
from syncd.core.subjects import Origin
from syncd.store.tables import member, plan_item, resource, run
from tests.proof.group_world import GroupWorld, Look, MemberWalk
from tests.proof.invariants import NEGATIVE, Monitor, folded_name
from tests.proof.world import Person, Walk

BOTH: Final = 2
ON_GROUPS: Final = {Action.GROUP_CREATED, Action.GROUP_UPDATED, Action.GROUP_MEMBERS_CHANGED, Action.GROUP_DELETED}


@dataclass(frozen=True)
class Basis:
    """What a plan was made of: what was told of pushes, and the walks over accounts and over members."""

    look: Look
    walk: Walk
    walks: dict[str, MemberWalk]


@dataclass
class GroupMonitor(Monitor):
    """Looks at the tables after every commit, and raises `ViolationError`."""

    world: GroupWorld
    bases: dict[str, "Basis"] = field(default_factory=dict)
    regrouped: Counter[tuple[str, ...]] = field(default_factory=Counter)
    removals: Counter[tuple[str, str]] = field(default_factory=Counter)
    sizes: dict[tuple[str, str], int] = field(default_factory=dict)

    # -- plans

    def _plans(self) -> None:
        super()._plans()
        okta = self.world.okta
        for row in self._rows(run, run.c.plan_digest.is_not(None)):
            if row.id not in self.bases:
                walks = {one.okta_group_id: one for one in okta.member_walks}
                self.bases[row.id] = Basis(okta.looks[-1], okta.walks[-1], walks)
                for one in self._rows_of_plan(row):
                    self._listed(one.item, walks)

    def _rows_of_plan(self, row: Any) -> list[Any]:
        return [one for one in self._rows(plan_item, plan_item.c.run_pk == row.pk) if one.item["group"] is not None]

    def _listed(self, item: dict[str, Any], walks: dict[str, MemberWalk]) -> None:
        """A plan takes people out and in because of a listing that came to its end, and that says so."""
        if not item["account"]:
            return
        walk = walks[item["oktaGroup"]]
        self._hold(walk.is_complete, "I1: members were concluded on from a listing that did not come to its end")
        is_listed = item["oktaUserId"] in walk.listed
        self._hold(is_listed == (item["effect"] == "add-member"), "I1: a plan is not what the listing of members said")

    # -- effects

    def _event(self, event: dict[str, Any]) -> None:
        if event["action"] not in ON_GROUPS:
            super()._event(event)
        elif event["actor"].startswith("reconciler"):
            self._group_event(event)

    def _group_event(self, event: dict[str, Any]) -> None:
        action, group_id, detail = event["action"], event["subject_id"], event["detail"]
        (row,) = self._rows(run, run.c.id == event["run_id"])
        self._hold(action not in {Action.GROUP_CREATED, Action.GROUP_DELETED}, "I12: a group was made or deleted")
        changes = [(who, what) for what in ("members_removed", "members_added") for who in detail.get(what, ())]
        changes += [("", "renamed")] if "displayName" in detail.get("after", {}) else []
        self._hold(len(changes) == 1, "I9: one effect changed more than one thing")
        who, what = changes[0]
        self.regrouped[row.id, group_id, who] += 1
        self._hold(self.regrouped[row.id, group_id, who] == 1, "I11: one plan changed a membership twice")
        self._fenced(row)
        item = self._item(row, group_id, who)
        self._owned(row, item, group_id)
        if what == "renamed":
            self._renamed(row, item, detail)
        else:
            person = next(one for one in self.world.people if one.account_id == who)
            self._permitted(person)
            self._borne_out(row, item, person, what)

    def _item(self, row: Any, group_id: str, account_id: str) -> dict[str, Any]:
        items = [
            one for one in self._rows_of_plan(row) if (one.item["group"], one.item["account"]) == (group_id, account_id)
        ]
        done = [one for one in items if one.outcome == "done"]
        self._hold(len(done) == 1 and done[0].intended is not None, "I9: an effect without its intention and outcome")
        item: dict[str, Any] = done[0].item
        return item

    def _owned(self, row: Any, item: dict[str, Any], group_id: str) -> None:
        """Okta pushes the group, nobody else claims it, and no push has moved it since."""
        before = self.bases[row.id].look
        mapping, group = _pair(before, item["oktaGroup"], group_id)
        claimed = mapping is not None and group is not None and _claims(mapping, group)
        self._hold(claimed, "D21: a group was touched that Okta does not push")
        assert mapping is not None
        assert group is not None
        self._hold(group.origin is Origin.SCIM, "I7: a group that is not ours was touched")
        self._hold(not _is_claimed_elsewhere(before, mapping, group), "D25: a group was touched that others claim")
        # Whoever finishes an older plan has looked again.
        now = self.world.okta.looks[-1]
        again, here = _pair(now, item["oktaGroup"], group_id)
        is_alone = again is not None and here is not None and not _is_claimed_elsewhere(now, again, here)
        self._hold(is_alone, "D25: an older plan touched a group that others claim by now")
        is_pushed = item["oktaGroup"] in self.world.okta.pushed_lately
        self._hold(is_pushed, "D21: a group was touched that Okta does not push any more")
        self._hold(
            self.world.moved.get(group_id, -1) <= before.began, "I2: a group was touched that a push had changed"
        )
        self._hold(
            self.world.confirmed.get(group_id, -1) <= before.began, "I2: a group was touched that a push had confirmed"
        )
        is_sure = mapping.target_group_id == group_id or row.approval is not None
        self._hold(is_sure, "I14: a group that only its name ties was touched, and nobody approved it")

    def _renamed(self, row: Any, item: dict[str, Any], detail: dict[str, Any]) -> None:
        now = next(one for one in self.world.okta.looks[-1].told if one.okta_group_id == item["oktaGroup"])
        self._hold(detail["after"]["displayName"] == now.name, "D25: a group got a name that it does not have in Okta")
        named = self.world.policy.admin_groups
        was, is_now = (detail[side]["displayName"].casefold() in named for side in ("before", "after"))
        if was:
            enough = len(self.administrators()[1]) >= self.world.policy.min_admins
            self._hold(enough, "I6: a name took the administrators away")
        if is_now and not was:
            self._hold(row.approval is not None, "I14: a name made administrators, and nobody approved it")

    def _borne_out(self, row: Any, item: dict[str, Any], person: Person, what: str) -> None:
        """Okta has just said so, about whom the account belongs to."""
        asked, walk = item["oktaUserId"], self.bases[row.id].walk
        (account,) = self._rows(resource, resource.c.id == person.account_id)
        owner = self.world.owner(person.account_id, walk.began)
        # Of somebody whom the listing does not hold, nothing is known but what the account says.
        is_owner = (asked == owner or owner not in walk.listed) and account.external_id in {None, asked}
        self._hold(is_owner, "I3: a membership was changed because of somebody else in Okta")
        told = [
            one.belonging
            for one in self.world.okta.memberships
            if (one.okta_group_id, one.okta_user_id) == (item["oktaGroup"], asked)
        ]
        wanted = Belonging.MEMBER if what == "members_added" else Belonging.NOT_MEMBER
        self._hold(told[-1:] == [wanted], "I3: a membership was changed that Okta had not just borne out")
        for one in self.world.told.get(person.account_id, set()) - {asked} if what == "members_removed" else ():
            self._hold(self._is_outside(item["oktaGroup"], one), f"I3: a membership was taken that {one} may have")
        if what == "members_added":
            self._hold(row.approval is not None, "I14: a membership was given and nobody approved it")
        else:
            self._removed(row, item["group"], account)

    def _is_outside(self, okta_group_id: str, okta_user_id: str) -> bool:
        """Whether Okta has just said that somebody is no member, or has no access at all."""
        of_group = [
            one.belonging
            for one in self.world.okta.memberships
            if (one.okta_group_id, one.okta_user_id) == (okta_group_id, okta_user_id)
        ]
        of_app = [answer.presence for _, asked, answer in self.world.okta.answers if asked == okta_user_id]
        return of_group[-1:] == [Belonging.NOT_MEMBER] or (of_app != [] and of_app[-1] in NEGATIVE)

    def _removed(self, row: Any, group_id: str, account: Any) -> None:
        (group,) = self._rows(resource, resource.c.id == group_id)
        left = self._connection.execute(
            select(func.count()).select_from(member).where(member.c.app == self._app, member.c.group_pk == group.pk)
        ).scalar_one()
        key, policy = (row.id, group_id), self.world.policy
        size = self.sizes.setdefault(key, left + 1)
        self.removals[key] += 1
        if size >= policy.group_min_members:
            few = self.removals[key] * 100 <= size * policy.group_max_percent
        else:
            few = self.removals[key] <= policy.max_deactivations
        self._hold(few or row.approval is not None, "I4: a group lost more members than a run may take out")
        is_within = self.removals.total() <= policy.budget_members_day
        self._hold(is_within or row.approval is not None, "I5: the budget of members was overdrawn")
        if {group.id, folded_name(group)} & policy.admin_groups and account.doc.get("active") is True:
            enough = len(self.administrators()[1]) >= policy.min_admins
            self._hold(enough, "I6: too few administrators were left")


def _pair(look: Look, okta_group_id: str, group_id: str) -> tuple[GroupMapping | None, LocalGroup | None]:
    mapping = next((one for one in look.told if one.okta_group_id == okta_group_id), None)
    return mapping, next((one for one in look.here if one.id == group_id), None)


def _is_claimed_elsewhere(look: Look, mapping: GroupMapping, group: LocalGroup) -> bool:
    """Return whether any but these two claims either of them."""
    return sum(_claims(one, group) for one in look.told) + sum(_claims(mapping, one) for one in look.here) != BOTH


def _claims(mapping: GroupMapping, group: LocalGroup) -> bool:
    """Return whether a push and a group have the id or the name in common."""
    has_name = mapping.name is not None and mapping.name.casefold() == group.name.casefold()
    return mapping.target_group_id == group.id or has_name
