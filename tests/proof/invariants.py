"""What has to hold after every commit of the reconciler, whatever moved: the invariants, read from the tables.

Nothing here asks the code that it judges: rows and the world's own record of what happened are all it has.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import select

from syncd.core.changes import Action
from syncd.core.situations import Effect
from syncd.core.subjects import MarkKind, Origin, Presence
from syncd.store.decision_tables import approval, mark, waiver
from syncd.store.tables import audit_event, lease, member, plan_item, resource, run, snapshot
from tests.proof.world import Person, World

NEGATIVE = {Presence.UNASSIGNED, Presence.DEPROVISIONED, Presence.GONE}
GRANTING = {Action.ACCOUNT_REACTIVATED, Action.ACCOUNT_CREATED}


_NEWS = (
    "SELECT (SELECT max(pk) FROM audit_event WHERE app = ?),"
    " (SELECT count(sealed) FROM snapshot WHERE app = ?), (SELECT count(plan_digest) FROM run WHERE app = ?)"
)


def folded_name(row: Any) -> str:
    return str(row.doc.get("displayName", "")).casefold()


class ViolationError(AssertionError):
    """An invariant did not hold."""


@dataclass
class Monitor:
    """Looks at the tables after every commit, and raises `ViolationError`."""

    world: World
    seen: int = 0
    news: Any = None
    broken: ViolationError | None = None
    sealed: int = 0
    last_rows: int | None = None
    planned_at: dict[str, int] = field(default_factory=dict)
    effects: Counter[str] = field(default_factory=Counter)
    touched: Counter[tuple[str, str]] = field(default_factory=Counter)

    def look(self) -> None:
        """Judge what is new in the tables."""
        with self.world.database.reading(self.world.app) as unit:
            self._connection = unit._scope.connection
            self._app = unit._scope.app
            news = self._connection.exec_driver_sql(_NEWS, (self._app,) * 3).one()
            if news == self.news:
                return
            self.news = news
            self._snapshots()
            self._plans()
            self._approvals()
            for row in self._rows(audit_event, audit_event.c.pk > self.seen):
                self.seen = row.pk
                self._event(orjson.loads(row.body) | orjson.loads(row.personal))

    def _rows(self, table: Any, *conditions: Any) -> list[Any]:
        of_app = table.c.app == self._app
        order = table.c.pk if "pk" in table.c else None
        return list(self._connection.execute(select(table).where(of_app, *conditions).order_by(order)))

    def _snapshots(self) -> None:
        sealed = self._rows(snapshot, snapshot.c.sealed.is_not(None))
        for row in sealed[self.sealed :]:
            walk = self.world.okta.walks[-1]
            self._hold(walk.is_complete, "I1: a snapshot was sealed before its walk was at the end")
            self._hold(row.rows == len(walk.listed), "I1: a sealed snapshot does not hold what was listed")
            enough = self.last_rows is None or row.rows * 100 >= self.last_rows * self.world.policy.min_listing_percent
            self._hold(row.rows > 0 and enough, "I1: a listing that shrank was sealed")
            self.last_rows = row.rows
            for account_id, owners in self.world.owners.items():
                self.world.told.setdefault(account_id, set()).update({one for _, one in owners} & walk.listed)
        self.sealed = len(sealed)

    def _plans(self) -> None:
        for row in self._rows(run, run.c.plan_digest.is_not(None)):
            if row.id not in self.planned_at:
                self.planned_at[row.id] = self.world.now
                self._known(row)

    def _known(self, row: Any) -> None:
        """A plan closes nobody about whom Okta was asked for it and did not answer."""
        began = self.world.okta.walks[-1].began
        for one in self._rows(plan_item, plan_item.c.run_pk == row.pk):
            if one.item["effect"] == Effect.DEACTIVATE:
                said = [
                    what.presence
                    for at, asked, what in self.world.okta.answers
                    if at >= began and asked == one.item["oktaUserId"]
                ]
                self._hold(Presence.UNKNOWN not in said[-1:], "I15: what was not answered was taken for absent")

    def _approvals(self) -> None:
        for row in self._rows(run, run.c.approval.is_not(None)):
            if self._had_effects(row):
                (given,) = self._rows(approval, approval.c.id == row.approval)
                self._hold(given.digest == row.plan_digest, "I10: an approval let another plan through")
                self._hold(given.used_by == row.id, "I10: an approval was not used up by the run that it let through")

    def _had_effects(self, row: Any) -> bool:
        return any(one.outcome == "done" for one in self._rows(plan_item, plan_item.c.run_pk == row.pk))

    def _event(self, event: dict[str, Any]) -> None:
        if not event["actor"].startswith("reconciler") or not event["subject_id"]:
            return
        action, run_id = event["action"], event["run_id"]
        person = next((one for one in self.world.people if one.account_id == event["subject_id"]), None)
        row = next(iter(self._rows(run, run.c.id == run_id)))
        self._hold(action != Action.ACCOUNT_DELETED, "I12: the reconciler deleted an account")
        self._hold(action not in GRANTING or row.approval is not None, "I14: access was granted and nobody approved it")
        self.touched[run_id, event["subject_id"]] += 1
        self._hold(self.touched[run_id, event["subject_id"]] == 1, "I11: one plan touched an account twice")
        self._fenced(row)
        self._intended(row, event["subject_id"])
        if person is not None:
            self._subject(person)
            if action == Action.ACCOUNT_DEACTIVATED:
                self._deactivated(person, row)

    def _fenced(self, row: Any) -> None:
        (held,) = self._rows(lease)
        self._hold(held.token == row.lease_token, "I8: a run had an effect after a later one took over")

    def _intended(self, row: Any, account_id: str) -> None:
        items = self._rows(plan_item, plan_item.c.run_pk == row.pk, plan_item.c.account_id == account_id)
        done = [one for one in items if one.outcome == "done" and one.item["group"] is None]
        self._hold(len(done) == 1 and done[0].intended is not None, "I9: an effect without its intention and outcome")

    def _subject(self, person: Person) -> None:
        walk = self.world.okta.walks[-1]
        self._hold(person.pushed_at <= walk.began, "I2: an account was touched that had changed since page one")
        self._hold(
            person.confirmed_at <= walk.began, "I2: an account was touched that a push had confirmed since page one"
        )
        self._permitted(person)

    def _permitted(self, person: Person) -> None:
        """Nobody has said that the account is to be left alone."""
        self._hold(person.origin is Origin.SCIM, "I7: an account that is not ours was touched")
        (account,) = self._rows(resource, resource.c.id == person.account_id)
        kinds = {one.kind for one in self._rows(mark, mark.c.resource_pk == account.pk)}
        self._hold(
            kinds.isdisjoint({MarkKind.PROTECTED, MarkKind.HOLD, MarkKind.EXEMPT}), "I6: a marked account was touched"
        )
        at = int(self._connection.exec_driver_sql("SELECT strftime('%s','now')").scalar_one()) * 1_000_000
        waivers = self._rows(waiver, waiver.c.account_id == person.account_id, waiver.c.expires > at + 1_000_000)
        self._hold(not waivers, "I20: an account whose drift is accepted was touched")

    def _deactivated(self, person: Person, row: Any) -> None:
        okta = self.world.okta
        planned = self.planned_at[row.id]
        known_as = self._known_as(person)
        answers = [answer for at, asked, answer in okta.answers if asked == known_as and at >= planned]
        confirmed = bool(answers) and answers[-1].presence in NEGATIVE
        self._hold(confirmed, "I3: an account was closed that Okta had not just disowned")
        for one in self.world.told.get(person.account_id, set()) - {known_as}:
            said = [answer.presence for at, asked, answer in okta.answers if asked == one and at >= planned]
            self._hold(said[-1:] != [] and said[-1] in NEGATIVE, f"I3: an account was closed that {one} may have")
        if answers[-1].presence is not Presence.DEPROVISIONED:
            missing = 0
            for walk in (one for one in okta.walks if one.is_complete):
                missing = 0 if known_as in walk.listed else missing + 1
            self._hold(missing > 1, "I13: an account was closed that was missing once")
        self.effects[row.id] += 1
        if row.approval is None:
            most = self.world.policy.max_deactivations
            self._hold(self.effects[row.id] <= most, "I4: more accounts were closed than a run may close")
            self._hold(self.effects.total() <= self.world.policy.budget_day, "I5: the budget was overdrawn")
        self._admins(person)

    def _known_as(self, person: Person) -> str | None:
        """Return who in Okta somebody is, by what the account carries."""
        (account,) = self._rows(resource, resource.c.id == person.account_id)
        known: str | None = account.external_id
        return known

    def _admins(self, closed: Person) -> None:
        members, left = self.administrators()
        enough = closed.account_id not in members or len(left) >= self.world.policy.min_admins
        self._hold(enough, "I6: too few administrators were left")

    def administrators(self) -> tuple[set[str], set[str]]:
        """Return the ids of all members of the groups that administer, and of those of them whose account is open."""
        named = self.world.policy.admin_groups
        groups = [one for one in self._rows(resource) if {one.id, folded_name(one)} & named]
        rows = self._rows(member, member.c.group_pk.in_([one.pk for one in groups]))
        people = self._rows(resource, resource.c.pk.in_([one.member_pk for one in rows]))
        return {one.id for one in people}, {one.id for one in people if one.doc.get("active") is True}

    def ended(self) -> None:
        """Judge what has to hold when every process has ended."""
        with self.world.database.reading(self.world.app) as unit:
            self._connection = unit._scope.connection
            self._app = unit._scope.app
            over = {row.pk for row in self._rows(run, run.c.state != "running")}
            open_items = self._rows(plan_item, plan_item.c.intended.is_not(None), plan_item.c.outcome.is_(None))
            self._hold(all(one.run_pk not in over for one in open_items), "I9: an intention has no outcome")
            self._approvals()

    def _hold(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.broken = ViolationError(f"{otherwise}\n" + "\n".join(self.world.log))
            raise self.broken
