"""The one way in: an Okta application as `ports.AssignmentSource`."""

import asyncio
from collections.abc import Iterator

from syncd.core.groups import GroupMapping, MembershipLookup
from syncd.core.subjects import Lookup
from syncd.okta_source.client import Executor, OktaClient, Patience
from syncd.okta_source.groups import MemberPages, look_up_membership, read_mappings
from syncd.okta_source.lookup import look_up
from syncd.okta_source.preflight import app_question, check_app, check_scopes, warnings
from syncd.okta_source.progress import read_progress
from syncd.okta_source.settings import OktaSettings
from syncd.okta_source.walker import Listing, Walk
from syncd.ports import Announce, AssignmentPage, Clock, SourceIdentity


class OktaSource:
    """One Okta application, for one run; implements `ports.AssignmentSource`.

    Holds connections, an event loop of its own, and what is left of the waiting that the settings allow: open one per
    run and close it. One thread at a time.
    """

    def __init__(self, settings: OktaSettings, executor: Executor, client: OktaClient, clock: Clock) -> None:
        self._settings = settings
        self._executor = executor
        self._client = client
        self._clock = clock
        self._runner = asyncio.Runner()
        self._open = True

    def preflight(self) -> SourceIdentity:
        """Ask for the application. Announces what stops nothing; raises `SourceUnhealthyError` for what does."""
        reply = self._runner.run(self._client.ask(app_question(self._settings)))
        granted = self._executor.granted_scopes
        check_scopes(granted, self._settings)
        identity = check_app(reply.document, self._settings)
        for warning in warnings(reply.document, granted, reply.answer, self._clock.now()):
            self._client.announce(warning)
        return identity

    def pages(self, resume: str | None = None) -> Iterator[AssignmentPage]:
        """Yield every page of the listing, or of what is behind a cursor, or raise `SourceUnhealthyError`.

        An empty listing is one empty page.
        """
        settings = self._settings
        listing = Listing(settings.org_url, settings.listing_path, settings.page_limit)
        walk = Walk(self._client.ask, listing, None if resume is None else read_progress(resume, listing.path))
        while (page := self._runner.run(walk.next_page())) is not None:
            yield page

    def look_up(self, okta_user_id: str) -> Lookup:
        """Ask about one user, uncached. Raises nothing."""
        return self._runner.run(look_up(self._client.ask, self._settings.okta_app_id, okta_user_id))

    def group_mappings(self) -> tuple[GroupMapping, ...]:
        """Return every group push mapping, or raise `SourceUnhealthyError`."""
        granted = self._executor.granted_scopes
        return self._runner.run(read_mappings(self._client.ask, self._settings, granted))

    def group_members(self, okta_group_id: str) -> Iterator[tuple[str, ...]]:
        """Yield the Okta user ids of a group's members page by page, or raise `SourceUnhealthyError`."""
        pages = MemberPages(self._client.ask, self._settings, okta_group_id)
        while (page := self._runner.run(pages.next_page())) is not None:
            yield page

    def look_up_membership(self, okta_group_id: str, okta_user_id: str) -> MembershipLookup:
        """Ask whether one user is a member of one group, uncached. Raises nothing."""
        return self._runner.run(look_up_membership(self._client.ask, self._settings, okta_group_id, okta_user_id))

    def close(self) -> None:
        """Close the connections and the event loop. May be called twice."""
        if self._open:
            self._open = False
            self._runner.run(self._executor.close())
            self._runner.close()


def open_source(
    settings: OktaSettings, *, announce: Announce, clock: Clock, patience: Patience | None = None
) -> OktaSource:
    """Return the source for one run; no request is sent yet. The clock only tells how far it is off Okta's.

    Raises `SourceUnhealthyError` when the private key cannot be read.
    """
    from syncd.okta_source.executor import OktaExecutor  # noqa: PLC0415 - the SDK takes most of a second to import

    executor = OktaExecutor(settings)
    return OktaSource(settings, executor, OktaClient(executor, settings, announce, patience or Patience()), clock)
