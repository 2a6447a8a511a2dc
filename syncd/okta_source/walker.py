"""The walk over an application's user listing: every row, or an error.

Okta pages by a Link header and says nothing of a total, so a lost header looks exactly like the last page. What the
walk holds against that:

* `next` is followed as sent, within the listing, never to a URL that was asked before.
* Okta sends `rel="self"` with each page, though 10 of 66 recorded pages had none. So a page without any Link header is
  not believed to be the last when an earlier one had `self`, or when it is as full as a page can be.
* The last page is asked for once more, in two parts where it has two rows. The first part has to link to the second,
  and the second has to hold the rest and link to nothing. A `next` that was lost, once or always, shows in one of them.
* Nobody is listed twice: a repeated page hides a lost one.

A walk that broke off is taken up by another one at the next page, with what the checks above need of the pages before.
Of these it does not know who was on them: where its rows are staged beside theirs, a row that is there already is
refused. It does not believe an end at once: nobody behind a link that Okta gave may also be a link that is too old.

What stays: an answer that is complete in form and holds too few rows, each time it is asked. Whoever uses the listing
compares its size with the last one, and asks about each absent person.

A first page without rows ends the walk without an error. Okta gives `200 []` to a credential without an admin role, so
whoever uses the listing has to refuse an empty one.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from syncd.core.subjects import Assignment
from syncd.okta_source.client import Reply
from syncd.okta_source.faults import Question, unbelievable
from syncd.okta_source.following import read_links, within
from syncd.okta_source.link_header import Link, next_target
from syncd.okta_source.pacing import Bucket, moment_of
from syncd.okta_source.progress import Progress
from syncd.okta_source.rows import RowError, read_row
from syncd.ports import AssignmentPage

MOST_PAGES: Final = 20_000
_PROXY: Final = "Look at what stands between here and Okta: a proxy there removes Link headers"
_LIMIT: Final = re.compile(r"([?&])limit=\d+")

Ask = Callable[[Question], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Listing:
    """Which listing to walk: the org's address, the path, and how many rows to ask for at a time.

    `also` is the rest of the query: `expand=user` brings each person's status with the row.
    """

    org_url: str
    path: str
    limit: int
    also: str = "&expand=user"
    bucket: Bucket = Bucket.APP_USERS

    def target(self, limit: int) -> str:
        """Return the path and query of the first page."""
        return f"{self.path}?limit={limit}{self.also}"


class Walk:
    """One pass over a listing, or over the rest of it. Not to be used twice."""

    def __init__(self, ask: Ask, listing: Listing, taken_up: Progress | None = None) -> None:
        self._ask = ask
        self._listing = listing
        self._progress = taken_up or Progress(0, listing.target(listing.limit))
        self._asked: set[str] = set()
        self._listed: set[str] = set()

    async def next_page(self) -> AssignmentPage | None:
        """Return the next page, or None after the last one.

        Raises `SourceUnhealthyError` when the page does not come, cannot be read, or contradicts the ones before.
        """
        done = self._progress
        if done.target is None:
            return None
        number = done.pages + 1
        question = Question(done.target, self._listing.bucket, f"page {number}", list)
        if number > MOST_PAGES:
            raise unbelievable(f"more than {MOST_PAGES} pages", question)
        self._asked.add(done.target)
        reply = await self._ask(question)
        rows = self._read_rows(reply, question)
        links = read_links(reply.answer, question)
        target = self._follow(links, question)
        if target is None:
            await self._believe_end(links, rows, question)
        self._progress = Progress(number, target, max(done.fullest, len(rows)), done.saw_self or _has_self(links))
        return AssignmentPage(number, rows, self._progress.as_cursor())

    def _read_rows(self, reply: Reply, question: Question) -> tuple[Assignment, ...]:
        now = moment_of(reply.answer.headers)
        try:
            rows = tuple(read_row(row, now) for row in reply.document)
        except RowError as error:
            raise unbelievable(str(error), question) from None
        for row in rows:
            if row.okta_user_id in self._listed:
                raise unbelievable(f"user {row.okta_user_id} is listed twice, so another may be missing", question)
            self._listed.add(row.okta_user_id)
        return rows

    def _follow(self, links: tuple[Link, ...], question: Question) -> str | None:
        """Return the path and query of the next page, exactly as the link has them, or None."""
        try:
            link = next_target(links)
            target = None if link is None else within(self._listing.org_url, self._listing.path, link)
        except ValueError as error:
            raise unbelievable(f"the link to the next page: {error}", question) from None
        if target in self._asked:
            raise unbelievable("the link to the next page leads back to one that was read", question)
        return target

    async def _believe_end(self, links: tuple[Link, ...], rows: tuple[Assignment, ...], question: Question) -> None:
        """Raise unless this really is the last page."""
        done, count = self._progress, len(rows)
        if not rows and done.pages and len(self._asked) == 1:
            raise unbelievable("the listing went on here when it was left, and has nobody more now", question)
        if not links and (done.saw_self or count >= self._listing.limit or (done.pages and count >= done.fullest > 0)):
            raise unbelievable("the page has no Link header, and does not look like the last", question)
        await self._confirm_end(links, rows, question)

    async def _confirm_end(self, links: tuple[Link, ...], rows: tuple[Assignment, ...], question: Question) -> None:
        """Ask for the last page once more, in two parts: an end that is real can be reproduced."""
        half = max(1, len(rows) // 2)
        again = await self._ask_part(question.target, half, rows[:half])
        if _has_self(again) and not links:
            raise unbelievable("the page came without the Link header that came now", question, _PROXY)
        following = self._follow(again, question)
        if following is None and len(rows) > half:
            raise unbelievable(
                f"of {len(rows)} users {half} were asked for, and no next page is linked", question, _PROXY
            )
        if following is not None and len(rows) <= half:
            raise unbelievable("the page was the last, and is not when asked again", question, _PROXY)
        if following is not None:
            rest = await self._ask_part(following, self._listing.limit, rows[half:])
            if self._follow(rest, question) is not None:
                raise unbelievable("the page was the last, and is not when asked again", question, _PROXY)

    async def _ask_part(self, target: str, limit: int, expected: tuple[Assignment, ...]) -> tuple[Link, ...]:
        """Ask for rows that were listed already, so many at a time, and return the links of the answer."""
        question = Question(_resized(target, limit), self._listing.bucket, "whether the listing ends there", list)
        reply = await self._ask(question)
        listed = [row.get("id") if isinstance(row, dict) else None for row in reply.document]
        if listed != [row.okta_user_id for row in expected]:
            raise unbelievable("the end of the listing is another when asked again: it moved, or was cut", question)
        return read_links(reply.answer, question)


def _resized(target: str, limit: int) -> str:
    """Return the path and query with another limit, and otherwise byte for byte."""
    resized, changed = _LIMIT.subn(rf"\g<1>limit={limit}", target)
    return resized if changed else f"{target}{'&' if '?' in target else '?'}limit={limit}"


def _has_self(links: tuple[Link, ...]) -> bool:
    return any("self" in link.relations for link in links)
