"""The sequences of requests that Okta's SCIM client makes for each kind of job, in both styles.

Catalogue apps (OIN) PUT profiles and PATCH activation, password and groups; wizard apps (AIW) never PATCH. Nobody ever
sends DELETE for a user.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from syncd.simulator import scim_messages as messages
from syncd.simulator.jobs import GroupJob, Job, Operation, UserJob
from syncd.simulator.records import AppUser, Style
from syncd.simulator.scim_client import Json, PushFailedError, ScimAnswer, Send


def perform(send: Send, job: Job) -> str | None:
    """Carry out a job and return the SCIM id of its target; None when there was nothing to send.

    Raises `PushFailedError` with the text of the task that Okta would show.
    """
    if isinstance(job, UserJob):
        return _USER_STEPS[job.operation](send, job)
    return _GROUP_STEPS[job.operation](send, job)


def import_active_users(send: Send) -> list[Json]:
    """Return the active users of the app, read page after page as Okta's import does. Raises `PushFailedError`."""
    users: list[Json] = []
    start_index, total = 1, 1
    while start_index <= total:
        listing = _expect(send("GET", messages.page("Users", start_index), None), 200).document()
        total = listing.get("totalResults", 0)
        users.extend(user for user in listing.get("Resources") or () if user.get("active") is True)
        start_index += messages.PAGE_SIZE
    return users


# ------------------------------------------------------------------ users


def _provision(send: Send, job: UserJob) -> str:
    found = _find(send, "Users", "userName", job.user_name)
    if found is None:
        return _create_user(send, job)
    scim_id = _id_of(found, "Link to existing user")
    path = messages.resource("Users", scim_id)
    current = _read(send, path)
    edited = messages.edited_user(current, job.user_name, job.profile)
    if job.app.style is Style.AIW:
        _expect_active(_write(send, "PUT", path, messages.switched_user(edited, active=True)))
        return scim_id
    _write(send, "PUT", path, edited)
    if current.get("active") is not True:
        _expect_active(_write(send, "PATCH", path, messages.replace_values({"active": True})))
    return scim_id


def _create_user(send: Send, job: UserJob) -> str:
    body = messages.new_user(job.target_id, job.user_name, job.profile)
    created = _expect(send("POST", "/Users", body), 200, 201).document()
    if not created:
        raise PushFailedError("Create new user returned empty user")
    _expect_active(created)
    return _id_of(created, "Create new user")


def _update_profile(send: Send, job: UserJob) -> str | None:
    scim_id = job.app_user.external_id
    if scim_id is not None:
        path = messages.resource("Users", scim_id)
        _write(send, "PUT", path, messages.edited_user(_read(send, path), job.user_name, job.profile))
    return scim_id


def _deactivate(send: Send, job: UserJob) -> str | None:
    scim_id = job.app_user.external_id
    if scim_id is not None:
        path = messages.resource("Users", scim_id)
        if job.app.style is Style.AIW:
            _write(send, "PUT", path, messages.switched_user(_read(send, path), active=False))
        else:
            _write(send, "PATCH", path, messages.replace_values({"active": False}))
    return scim_id


def _set_password(send: Send, job: UserJob) -> str | None:
    scim_id = job.app_user.external_id
    if scim_id is not None:
        path = messages.resource("Users", scim_id)
        if job.app.style is Style.AIW:
            _write(send, "PUT", path, {**_read(send, path), "password": job.password})
        else:
            _write(send, "PATCH", path, messages.replace_values({"password": job.password}))
    return scim_id


# ------------------------------------------------------------------ groups


def _push_group(send: Send, job: GroupJob) -> str:
    scim_id, fresh = _target_group(send, job)
    path = messages.resource("Groups", scim_id)
    if job.app.style is Style.AIW:
        _replace_group(send, path, job)
        return scim_id
    if not fresh:
        _write(send, "PATCH", path, messages.renamed_group(scim_id, job.name))
    _write(send, "PATCH", path, messages.replaced_members(_provisioned(job.members)))
    return scim_id


def _target_group(send: Send, job: GroupJob) -> tuple[str, bool]:
    """Return the id of the group in the target, and whether it was made just now."""
    if job.mapping.target_group_id is not None:
        return job.mapping.target_group_id, False
    found = _find(send, "Groups", "displayName", job.name)
    if found is not None:
        return _id_of(found, "Link to existing group"), False
    created = _expect(send("POST", "/Groups", messages.new_group(job.name)), 200, 201).document()
    return _id_of(created, "Create new group"), True


def _rename_group(send: Send, job: GroupJob) -> str | None:
    scim_id = job.mapping.target_group_id
    if scim_id is not None:
        path = messages.resource("Groups", scim_id)
        if job.app.style is Style.AIW:
            _replace_group(send, path, job)
        else:
            _write(send, "PATCH", path, messages.renamed_group(scim_id, job.name))
    return scim_id


def _change_members(send: Send, job: GroupJob) -> str | None:
    scim_id = job.mapping.target_group_id
    if scim_id is None:
        return None
    path = messages.resource("Groups", scim_id)
    if job.app.style is Style.AIW:
        _replace_group(send, path, job)
        return scim_id
    left = [job.mapping.pushed[user_id] for user_id in job.left if user_id in job.mapping.pushed]
    change = messages.changed_members(left, _provisioned(job.joined))
    if change is not None:
        _write(send, "PATCH", path, messages.renamed_group(scim_id, job.name))
        _write(send, "PATCH", path, change)
    return scim_id


def _delete_group(send: Send, job: GroupJob) -> str | None:
    scim_id = job.mapping.target_group_id
    if scim_id is not None:
        _expect(send("DELETE", messages.resource("Groups", scim_id), None), 200, 204, 404)
    return scim_id


def _replace_group(send: Send, path: str, job: GroupJob) -> None:
    _read(send, path)
    _write(send, "PUT", path, messages.whole_group(job.name, _provisioned(job.members)))


def _provisioned(app_users: Iterable[AppUser]) -> list[tuple[str, str]]:
    """Return SCIM id and user name of those who are in the app already: only they are pushed as members."""
    return [(member.external_id, member.user_name) for member in app_users if member.external_id is not None]


# ------------------------------------------------------------------ requests and answers


def _find(send: Send, endpoint: str, attribute: str, value: str) -> Json | None:
    """Return the first match; an empty listing and a 404 both mean that there is none."""
    answer = _expect(send("GET", messages.search(endpoint, attribute, value), None), 200, 404)
    matches = answer.document().get("Resources") if answer.status != _NOT_FOUND else None
    if not matches:
        return None
    if not isinstance(matches, list) or not isinstance(matches[0], dict):
        raise PushFailedError("Invalid JSON: Resources holds something else than objects")
    return matches[0]


def _read(send: Send, path: str) -> Json:
    document = _expect(send("GET", path, None), 200).document()
    if not document:
        raise PushFailedError("The remote server returned an empty resource")
    return document


def _write(send: Send, method: str, path: str, body: Json) -> Json:
    answer = _expect(send(method, path, body), 200, 204)
    return {} if answer.status == _NO_CONTENT else answer.document()


def _expect(answer: ScimAnswer, *statuses: int) -> ScimAnswer:
    if answer.status in statuses:
        return answer
    detail = answer.document().get("detail") or f"HTTP {answer.status}"
    raise PushFailedError(f"Errors reported by remote server: {detail}")


def _expect_active(user: Mapping[str, Any]) -> None:
    if user.get("active", True) is not True:
        raise PushFailedError("There was a delay in reactivating remote User. Rescheduling")


def _id_of(document: Mapping[str, Any], what: str) -> str:
    scim_id = document.get("id")
    if not isinstance(scim_id, str) or not scim_id:
        raise PushFailedError(f"{what} returned no id")
    return scim_id


_NO_CONTENT: Final = 204
_NOT_FOUND: Final = 404
_USER_STEPS: Final[Mapping[Operation, Callable[[Send, UserJob], str | None]]] = {
    Operation.PROVISION: _provision,
    Operation.UPDATE_PROFILE: _update_profile,
    Operation.DEACTIVATE: _deactivate,
    Operation.SET_PASSWORD: _set_password,
}
_GROUP_STEPS: Final[Mapping[Operation, Callable[[Send, GroupJob], str | None]]] = {
    Operation.PUSH_GROUP: _push_group,
    Operation.RENAME_GROUP: _rename_group,
    Operation.CHANGE_MEMBERS: _change_members,
    Operation.DELETE_GROUP: _delete_group,
}
