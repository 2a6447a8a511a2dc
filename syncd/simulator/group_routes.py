"""/api/v1/groups."""

from typing import Any, Final

from syncd.simulator import groups, shapes
from syncd.simulator.calls import Call, Route
from syncd.simulator.exchange import Answer
from syncd.simulator.org import Org
from syncd.simulator.paging import Limits
from syncd.simulator.records import Group

LIMITS: Final = Limits(default=10_000, maximum=10_000)
MEMBER_LIMITS: Final = Limits(default=1000, maximum=1000)


def _list(org: Org, call: Call) -> Answer:
    start = call.query.get("q", "").casefold()
    page = call.listing().page(
        org.groups,
        LIMITS,
        lambda group: shapes.group(call.base, group),
        lambda group: group.name.casefold().startswith(start),
    )
    return Answer(page=page)


def _create(org: Org, call: Call) -> Answer:
    group = groups.create(org, *_named(call))
    return Answer(payload=shapes.group(call.base, group))


def _get(org: Org, call: Call) -> Answer:
    return Answer(payload=shapes.group(call.base, _group(org, call)))


def _replace(org: Org, call: Call) -> Answer:
    group = _group(org, call)
    groups.update(org, group, *_named(call))
    return Answer(payload=shapes.group(call.base, group))


def _delete(org: Org, call: Call) -> Answer:
    groups.delete(org, _group(org, call))
    return Answer(204)


def _list_members(org: Org, call: Call) -> Answer:
    members = _group(org, call).members
    page = call.listing().page(members, MEMBER_LIMITS, lambda user_id: shapes.user(call.base, org.user(user_id)))
    return Answer(page=page)


def _add_member(org: Org, call: Call) -> Answer:
    groups.add_member(org, _group(org, call), org.user(call.parameters["user"]))
    return Answer(204)


def _remove_member(org: Org, call: Call) -> Answer:
    groups.remove_member(org, _group(org, call), org.user(call.parameters["user"]))
    return Answer(204)


def _group(org: Org, call: Call) -> Group:
    return org.group(call.parameters["group"])


def _named(call: Call) -> tuple[str, str]:
    profile: dict[str, Any] = call.object("profile")
    return str(profile.get("name") or ""), str(profile.get("description") or "")


_READ: Final = "okta.groups.read"
_MANAGE: Final = "okta.groups.manage"
_ALL: Final = "/api/v1/groups"
_ONE: Final = "/api/v1/groups/{group}"
_ONE_BUCKET: Final = "/api/v1/groups/{id}"

ROUTES: Final = (
    Route("GET", _ALL, _READ, _ALL, _list),
    Route("POST", _ALL, _MANAGE, _ALL, _create),
    Route("GET", _ONE, _READ, _ONE_BUCKET, _get),
    Route("PUT", _ONE, _MANAGE, _ONE_BUCKET, _replace),
    Route("DELETE", _ONE, _MANAGE, _ONE_BUCKET, _delete),
    Route("GET", f"{_ONE}/users", _READ, _ONE_BUCKET, _list_members),
    Route("PUT", f"{_ONE}/users/{{user}}", _MANAGE, _ONE_BUCKET, _add_member),
    Route("DELETE", f"{_ONE}/users/{{user}}", _MANAGE, _ONE_BUCKET, _remove_member),
)
