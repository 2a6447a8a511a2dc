"""/api/v1/users."""

import re
from collections.abc import Callable
from typing import Any, Final

from syncd.simulator import shapes, users
from syncd.simulator.calls import Call, Route
from syncd.simulator.errors import OktaError, not_found
from syncd.simulator.exchange import Answer
from syncd.simulator.lifecycle import Action
from syncd.simulator.ordered_table import OrderedTable
from syncd.simulator.org import Org
from syncd.simulator.paging import Limits
from syncd.simulator.records import Group, User, UserStatus

LIMITS: Final = Limits(default=200, maximum=200)
GROUP_LIMITS: Final = Limits(default=10_000, maximum=10_000)
EVERYONE: Final = "00geveryone000000000"
"""The group that holds every user of an org. It can be told of, and is in no list of groups here."""
_MANAGE: Final = "okta.users.manage"


def _list(org: Org, call: Call) -> Answer:
    """Without a search, deprovisioned users are left out."""
    page = call.listing().page(org.users, LIMITS, lambda user: shapes.user(call.base, user), _wanted(call))
    return Answer(page=page)


def _create(org: Org, call: Call) -> Answer:
    password = bool(call.object("credentials").get("password"))
    user = users.create(org, call.object("profile"), password=password, activate=call.flag("activate", default=True))
    return Answer(payload=shapes.user(call.base, user))


def _get(org: Org, call: Call) -> Answer:
    return Answer(payload=shapes.user(call.base, _user(org, call)))


def _replace(org: Org, call: Call) -> Answer:
    return _update(org, call, replace=True)


def _change(org: Org, call: Call) -> Answer:
    return _update(org, call, replace=False)


def _update(org: Org, call: Call, *, replace: bool) -> Answer:
    user = _user(org, call)
    if "profile" in call.body:
        users.update(org, user, call.object("profile"), replace=replace)
    password = call.object("credentials").get("password")
    if isinstance(password, dict) and password.get("value"):
        users.set_password(org, user, str(password["value"]))
    return Answer(payload=shapes.user(call.base, user))


def _delete(org: Org, call: Call) -> Answer:
    users.delete(org, _user(org, call))
    return Answer(204)


def _lifecycle(org: Org, call: Call) -> Answer:
    user, name = _user(org, call), call.parameters["action"]
    if name not in _ACTIONS:
        raise not_found(name, "Lifecycle")
    users.apply(org, user, Action(name))
    return Answer(payload=shapes.user(call.base, user) if name == Action.EXPIRE_PASSWORD else {})


def _list_groups(org: Org, call: Call) -> Answer:
    user = _user(org, call)
    found: OrderedTable[Group] = OrderedTable()
    found.put(EVERYONE, Group(EVERYONE, "Everyone", "All users", user.created, user.created, user.created))
    for group_id in sorted(org.groups_of.get(user.id, ())):
        found.put(group_id, org.group(group_id))
    return Answer(page=call.listing().page(found, GROUP_LIMITS, lambda group: shapes.group(call.base, group)))


def _user(org: Org, call: Call) -> User:
    return org.user(call.parameters["user"])


_ACTIONS: Final = frozenset(Action) - {Action.LOCK}

# ------------------------------------------------------------------ search: one attribute, or several joined by "or"

_TERM: Final = re.compile(r'\s*([\w.]+)\s+eq\s+"([^"]*)"\s*')


def _wanted(call: Call) -> Callable[[User], bool]:
    search = call.query.get("search") or call.query.get("filter")
    if search:
        terms = [_term(text) for text in re.split(r"\sor\s", search)]
        return lambda user: any(_value(user, name) == value for name, value in terms)
    start = call.query.get("q", "").casefold()
    if start:
        return lambda user: user.status is not UserStatus.DEPROVISIONED and _starts_with(user, start)
    return lambda user: user.status is not UserStatus.DEPROVISIONED


def _term(text: str) -> tuple[str, str]:
    match = _TERM.fullmatch(text)
    if match is None:
        raise OktaError(400, "E0000031", f"Invalid search criteria: {text}")
    return match[1], match[2]


def _value(user: User, name: str) -> Any:
    if name.startswith("profile."):
        return user.profile.get(name.removeprefix("profile."))
    return {"id": user.id, "status": user.status, "lastUpdated": user.last_updated}.get(name)


def _starts_with(user: User, start: str) -> bool:
    return any(
        str(user.profile.get(name, "")).casefold().startswith(start) for name in ("firstName", "lastName", "email")
    )


_ALL: Final = "/api/v1/users"
_ONE: Final = "/api/v1/users/{user}"
_ONE_BUCKET: Final = "/api/v1/users/{id}"

ROUTES: Final = (
    Route("GET", _ALL, "okta.users.read", _ALL, _list),
    Route("POST", _ALL, _MANAGE, _ALL, _create),
    Route("GET", _ONE, "okta.users.read", _ONE_BUCKET, _get),
    Route("PUT", _ONE, _MANAGE, _ONE_BUCKET, _replace),
    Route("POST", _ONE, _MANAGE, _ONE_BUCKET, _change),
    Route("DELETE", _ONE, _MANAGE, _ONE_BUCKET, _delete),
    Route("GET", f"{_ONE}/groups", "okta.groups.read", _ONE_BUCKET, _list_groups),
    Route("POST", f"{_ONE}/lifecycle/{{action}}", _MANAGE, _ONE_BUCKET, _lifecycle),
)
