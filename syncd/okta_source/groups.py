"""The groups that Okta pushes to one application, and who their members are: every one of them, or an error.

Mappings and members are walked as the users of the application are, with the same distrust. What the credential may
not see is an error too, never an empty list: an application without a mapping cannot be told from one that shows none.
"""

from typing import Any, Final
from urllib.parse import quote

from syncd.core.groups import Belonging, GroupMapping, MembershipLookup
from syncd.okta_source.answers import error_summary
from syncd.okta_source.client import Reply
from syncd.okta_source.faults import Question, unbelievable
from syncd.okta_source.following import within
from syncd.okta_source.link_header import LinkHeaderError, next_target, parse_links
from syncd.okta_source.pacing import Bucket
from syncd.okta_source.rows import text_at
from syncd.okta_source.settings import GROUP_SCOPES, OktaSettings
from syncd.okta_source.walker import Ask, Listing, Walk
from syncd.ports import SourceFault, SourceUnhealthyError

GROUPS_SCOPE: Final = GROUP_SCOPES[-1]
MAPPINGS_AT_ONCE: Final = 1000  # GET /api/v1/apps/{appId}/group-push/mappings refuses more
MEMBERS_AT_ONCE: Final = 200  # what Okta recommends for GET /api/v1/groups/{groupId}/users
_REMEDY: Final = (
    f"Grant the scope {GROUPS_SCOPE}, and an admin role that may see the pushed groups and all of their members; where "
    "the application has no Group Push, write groups = false"
)


class _Documents(Walk):
    """A walk that keeps the rows as they came."""

    def __init__(self, ask: Ask, listing: Listing) -> None:
        super().__init__(ask, listing)
        self.documents: list[dict[str, Any]] = []

    def _read_rows(self, reply: Reply, question: Question) -> tuple[Any, ...]:
        rows = super()._read_rows(reply, question)
        self.documents.extend(reply.document)
        return rows


async def read_mappings(ask: Ask, settings: OktaSettings, granted: frozenset[str] | None) -> tuple[GroupMapping, ...]:
    """Return the group push mappings of the application, each with its group's name in Okta.

    Raises `SourceUnhealthyError`, of the fault PERMISSION or APP where the credential or the application has none.
    """
    path = f"/api/v1/apps/{settings.okta_app_id}/group-push/mappings"
    listing = Listing(settings.org_url, path, MAPPINGS_AT_ONCE, "", Bucket.APP_USERS)
    if granted is not None and GROUPS_SCOPE not in granted:
        what = f"the access token came without the scope {GROUPS_SCOPE}"
        raise SourceUnhealthyError(SourceFault.PERMISSION, what, where=f"GET {path}", remedy=_REMEDY)
    walk = _Documents(ask, listing)
    try:
        while await walk.next_page() is not None:
            pass
        return tuple([await _mapping(ask, document, path) for document in walk.documents])
    except SourceUnhealthyError as error:
        raise _explained(error) from None


class MemberPages:
    """One pass over the members of a group. Not to be used twice. Raises ValueError for what is no id of Okta's."""

    def __init__(self, ask: Ask, settings: OktaSettings, okta_group_id: str) -> None:
        path = f"/api/v1/groups/{_segment(okta_group_id)}/users"
        limit = min(MEMBERS_AT_ONCE, settings.page_limit)
        self._walk = Walk(ask, Listing(settings.org_url, path, limit, "", Bucket.GROUPS))

    async def next_page(self) -> tuple[str, ...] | None:
        """Return the Okta user ids of the next page, or None after the last one. Raises `SourceUnhealthyError`."""
        try:
            page = await self._walk.next_page()
        except SourceUnhealthyError as error:
            raise _explained(error) from None
        return None if page is None else tuple(row.okta_user_id for row in page.rows)


async def look_up_membership(
    ask: Ask, settings: OktaSettings, okta_group_id: str, okta_user_id: str
) -> MembershipLookup:
    """Ask for the groups of one user, and for the group where it is not among them. Raises nothing.

    That somebody is no member is definitive only where both can be seen: the user, who is in one group at least
    (Everyone), and the group itself.
    """
    try:
        groups = await _groups_of(ask, settings, okta_user_id)
        if okta_group_id in groups:
            return MembershipLookup(Belonging.MEMBER, "the group is among the user's")
        question = Question(
            f"/api/v1/groups/{_segment(okta_group_id)}", Bucket.GROUPS, f"group {okta_group_id}", dict, True
        )
        reply = await ask(question)
        if reply.missing or text_at(reply.document, ("id",)) != okta_group_id:
            return MembershipLookup(Belonging.UNKNOWN, "Okta does not show the group")
        return MembershipLookup(Belonging.NOT_MEMBER, f"the group is not among the {len(groups)} of the user")
    except SourceUnhealthyError as error:
        return MembershipLookup(Belonging.UNKNOWN, f"{error.what} ({error.where})")
    except ValueError as error:
        return MembershipLookup(Belonging.UNKNOWN, str(error))


async def _mapping(ask: Ask, document: dict[str, Any], path: str) -> GroupMapping:
    """Return one mapping, with the name that its group has now. One that does not name its group is an error."""
    mapping_id, okta_group_id = text_at(document, ("id",)) or "", text_at(document, ("sourceGroupId",))
    if okta_group_id is None or not okta_group_id.strip("."):
        question = Question(path, Bucket.APP_USERS, f"mapping {mapping_id}", list)
        raise unbelievable("the mapping does not say which group it is about", question)
    question = Question(
        f"/api/v1/groups/{_segment(okta_group_id)}", Bucket.GROUPS, f"group {okta_group_id}", dict, may_be_missing=True
    )
    reply = await ask(question)
    name = None if reply.missing else text_at(reply.document, ("profile", "name"))
    if not reply.missing and (name is None or text_at(reply.document, ("id",)) != okta_group_id):
        raise unbelievable("Okta answered about another group than the one asked for, or one without a name", question)
    target, status = text_at(document, ("targetGroupId",)), text_at(document, ("status",)) or ""
    return GroupMapping(mapping_id, okta_group_id, name, target, status)


async def _groups_of(ask: Ask, settings: OktaSettings, okta_user_id: str) -> frozenset[str]:
    """Return the ids of all groups of a user. Raises ValueError for an answer that says nothing for certain."""
    path = f"/api/v1/users/{_segment(okta_user_id)}/groups"
    target: str | None = path
    found: set[str] = set()
    asked: set[str] = set()
    while target is not None:
        asked.add(target)
        reply = await ask(Question(target, Bucket.USERS, f"the groups of user {okta_user_id}", list, True))
        if reply.missing:
            raise ValueError(f"Okta does not show the user: {error_summary(reply.document)}")
        ids = [text_at(row, ("id",)) for row in reply.document]
        if not ids or None in ids:
            raise ValueError("Okta shows no group of the user, though everybody is in one, or one without an id")
        found.update(one for one in ids if one)
        try:
            link = next_target(parse_links(reply.answer.headers.get("link", ())))
        except LinkHeaderError as error:
            raise ValueError(f"the Link header cannot be read: {error}") from None
        target = None if link is None else within(settings.org_url, path, link)
        if target in asked:
            raise ValueError("the link to the next page leads back to one that was read")
    return frozenset(found)


def _segment(identifier: str) -> str:
    """Return an id as one segment of a path. Raises ValueError for what a server would take for a directory."""
    if not identifier.strip("."):
        raise ValueError(f"{identifier!r} is not an id of Okta's")
    return quote(identifier, safe="")


def _explained(error: SourceUnhealthyError) -> SourceUnhealthyError:
    """Return the error with the remedy that groups have."""
    if error.fault not in {SourceFault.PERMISSION, SourceFault.APP}:
        return error
    return SourceUnhealthyError(error.fault, error.what, where=error.where, remedy=_REMEDY)
