"""The groups of a scripted org: group push mappings, groups, their members, and the groups of a person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.okta_source.listing_script import APP_ID, Org, okta_links
from tests.okta_source.scripted_okta import Request, Response, json_response, okta_error

MAPPINGS = f"/api/v1/apps/{APP_ID}/group-push/mappings"
EVERYONE = "00gEveryone"


def group_id(number: int) -> str:
    return f"00g{number:017d}"


@dataclass
class GroupedOrg:
    """An org with groups beside the people of `org`. `instead` answers for a path, whatever there is."""

    org: Org
    names: dict[str, str] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    mappings: list[dict[str, Any]] = field(default_factory=list)
    hidden: bool = False
    failing_page: int | None = None
    page_size: int = 2
    instead: dict[str, Response] = field(default_factory=dict)

    def push_group(self, name: str, members: list[str]) -> str:
        one = group_id(len(self.names) + 1)
        self.names[one], self.members[one] = name, list(members)
        mapping = {"id": f"gPm{len(self.names)}", "sourceGroupId": one, "targetGroupId": None, "status": "ACTIVE"}
        self.mappings.append(mapping)
        return one

    def respond(self, request: Request) -> Response:
        if request.path in self.instead:
            return self.instead[request.path]
        if not self._is_of_groups(request.path):
            return self.org.respond(request)
        if self.hidden:
            return okta_error(403, "E0000006", "You do not have permission")
        return self._groups(request)

    def _is_of_groups(self, path: str) -> bool:
        return path == MAPPINGS or path.startswith("/api/v1/groups/") or path.endswith("/groups")

    def _groups(self, request: Request) -> Response:
        if request.path == MAPPINGS:
            return self._page(request, self.mappings)
        parts = request.path.split("/")[3:]
        answers: Mapping[tuple[str, int], Callable[[], Response]] = {
            ("groups", 2): lambda: self._one(parts[1]),
            ("groups", 3): lambda: self._members(request, parts[1]),
            ("users", 3): lambda: self._groups_of(request, parts[1]),
        }
        return answers[parts[0], len(parts)]()

    def _one(self, key: str) -> Response:
        if key not in self.names:
            return okta_error(404, "E0000007", f"Not found: Resource not found: {key} (UserGroup)")
        return json_response({"id": key, "type": "OKTA_GROUP", "profile": {"name": self.names[key]}})

    def _members(self, request: Request, key: str) -> Response:
        if key not in self.members:
            return self._one(key)
        return self._page(request, [{"id": one, "status": "ACTIVE"} for one in self.members[key]])

    def _groups_of(self, request: Request, user_id: str) -> Response:
        if user_id not in self.org.people:
            return okta_error(404, "E0000007", f"Not found: Resource not found: {user_id} (User)")
        held = [one for one, members in self.members.items() if user_id in members]
        return self._page(request, [{"id": one} for one in (EVERYONE, *held)], self.page_size)

    def _page(self, request: Request, rows: list[dict[str, Any]], limit: int = 0) -> Response:
        query = parse_qs(request.query)
        start, limit = int(query.get("after", ["0"])[0]), limit or int(query["limit"][0])
        if self.failing_page == start // self.page_size + 1 and limit == self.page_size:
            return Response(502, headers=())
        end = start + limit
        following = f"{self.org.url}{request.path}?after={end}&limit={limit}" if end < len(rows) else None
        links = okta_links(self.org.url + request.target, following)
        return json_response(rows[start:end]).having(*(("Link", link) for link in links))
