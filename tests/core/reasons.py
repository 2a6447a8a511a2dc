"""The reasons of one application as a dictionary: what the store has to do, in a few lines."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from syncd.core.notices import Notice, NoticeKind, Round, Standing, plan_round

START = datetime(2026, 3, 1, tzinfo=UTC)
PERIOD = timedelta(hours=24)
APP = "crm"


def a_notice(about: str = "", kind: NoticeKind = NoticeKind.SOURCE_UNHEALTHY, title: str = "crm: a title") -> Notice:
    return Notice(APP, kind, title, "do something", ("a line",), about, "run-1")


def standing(
    about: str = "", *, first: timedelta = timedelta(0), told: timedelta | None = None, ended: timedelta | None = None
) -> Standing:
    """Return a reason; times are counted from the start."""
    return Standing(
        a_notice(about),
        START + first,
        START + first,
        1,
        None if told is None else START + told,
        None if ended is None else START + ended,
    )


@dataclass
class Reasons:
    """Raises, ends and tells as the store and the workflow do together, and remembers what was told."""

    now: datetime = START
    kept: dict[str, Standing] = field(default_factory=dict)
    digested: datetime | None = None
    told: list[tuple[datetime, bool, Standing]] = field(default_factory=list)

    def raise_notice(self, notice: Notice) -> None:
        found = self.kept.get(notice.reason)
        if found is None or found.ended:
            self.kept[notice.reason] = Standing(notice, self.now, self.now, 1)
        else:
            self.kept[notice.reason] = replace(found, notice=notice, last=self.now, times=found.times + 1)

    def end(self, reason: str) -> None:
        found = self.kept.get(reason)
        if found and found.ended is None:
            self.kept[reason] = replace(found, ended=self.now)

    def tell(self) -> Round:
        """Tell what is due."""
        due = plan_round(self.kept.values(), self.now, PERIOD, self.digested)
        for one in (*(one for told in due.news for one in told), *due.digest):
            self.told.append((self.now, one in due.digest, one))
            self.kept[one.notice.reason] = replace(self.kept[one.notice.reason], told=self.now)
        if due.digest:
            self.digested = self.now
        return due
