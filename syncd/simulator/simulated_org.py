"""A running simulated org, and what an administrator does in its console, as methods."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import RLock
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar, Unpack

from syncd.simulator import apps, assignments, group_push, groups, population, users
from syncd.simulator.control_api import Control
from syncd.simulator.credentials import Credentials
from syncd.simulator.edge import Edge
from syncd.simulator.errors import not_found
from syncd.simulator.event_hooks import EventHooks, HookDelivery
from syncd.simulator.faults import Faults, PushFault
from syncd.simulator.identifiers import IdFactory
from syncd.simulator.lifecycle import Action
from syncd.simulator.log_targets import log_failure
from syncd.simulator.management_api import ManagementApi
from syncd.simulator.org import Org
from syncd.simulator.provisioning import import_active_users
from syncd.simulator.pushes import Delivery, PushQueue, PushRecord, Task
from syncd.simulator.rate_limit import RateLimits
from syncd.simulator.records import AppUser, GroupPushMapping, Style, User, UserStatus, timestamp
from syncd.simulator.scim_client import Json, ScimClient
from syncd.simulator.scim_messages import CONNECTOR_TEST
from syncd.simulator.server import Server
from syncd.simulator.settings import Options, Settings

P = ParamSpec("P")
T = TypeVar("T")


class SimulatedOrg:
    """An org with one app, answering HTTP and pushing in threads of its own until `stop`. A context manager.

    Users are named by id or login, groups by id. Methods raise `OktaError` where Okta's API would answer with one.
    Pushes happen later, in order; `drain` waits for them.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings, style = settings, Style(settings.style)
        ids, clock, lock = IdFactory(settings.seed), settings.clock, RLock()
        self._server = Server(settings.host, settings.port)
        self.url = self._server.url
        self.faults = Faults()
        self.rate_limits = RateLimits(clock)
        delivery = Delivery(
            self._connect,
            lambda: timestamp(clock()),
            lock,
            settings.longest_wait_seconds,
            lambda job, error: log_failure(self._org, job, error),
        )
        self._pushes = PushQueue(self.faults, delivery)
        self._org = Org(ids, clock, self._pushes.submit, lock)
        self._hooks = EventHooks(ids, self._org.now)
        self._org.log.watchers.append(self._hooks.tell)
        self._app = apps.add(self._org, settings.app_label, style, settings.app_id)
        self.app_id = self._app.id
        self.api_token = settings.api_token or ids.secret("api-token")
        self._credentials = Credentials(ids, clock)
        self._credentials.api_tokens.add(self.api_token)
        self._control = Control(self._org, self.faults, self._pushes, self.rate_limits, self._hooks)
        api = ManagementApi(self.url, self._org, self._credentials, self.rate_limits)
        self._server.start(Edge(api, self._control).respond)

    @classmethod
    def start(cls, **options: Unpack[Options]) -> Self:
        """Start an org. The keywords are those of `Settings`; `scim_url` and `scim_token` are needed."""
        return cls(Settings(**options))

    def stop(self) -> None:
        """End the HTTP server and the worker; pushes that wait are dropped."""
        self._server.stop()
        self._pushes.stop()
        self._hooks.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    # -------------------------------------------------------------- people

    def create_user(
        self, login: str, first: str, last: str, email: str | None = None, department: str | None = None
    ) -> str:
        """Add an active person and return the id. Without `email` it is the login."""
        profile = {"login": login, "firstName": first, "lastName": last, "email": email or login}
        if department is not None:
            profile["department"] = department
        return self._do(users.create, profile).id

    def update_profile(self, user: str, **profile: str | None) -> None:
        """Change attributes, by Okta's names (`firstName="Ada"`); None takes one away. Pushes the profile."""
        self._do(lambda org: users.update(org, org.user(user), profile))

    def activate(self, user: str) -> None:
        """Activate somebody who is staged or deprovisioned. Assignments in person do not come back by that."""
        self._lifecycle(user, Action.ACTIVATE)

    def deactivate(self, user: str) -> None:
        """Deprovision: every assignment is removed, and `active: false` pushed once for each."""
        self._lifecycle(user, Action.DEACTIVATE)

    def suspend(self, user: str) -> None:
        """Suspend: assignments stay, and nothing is pushed."""
        self._lifecycle(user, Action.SUSPEND)

    def unsuspend(self, user: str) -> None:
        """End a suspension; nothing is pushed."""
        self._lifecycle(user, Action.UNSUSPEND)

    def lock_out(self, user: str) -> None:
        """Lock the user out, as failed sign-ins do; nothing is pushed."""
        self._lifecycle(user, Action.LOCK)

    def expire_password(self, user: str) -> None:
        """Expire the password; nothing is pushed."""
        self._lifecycle(user, Action.EXPIRE_PASSWORD)

    def delete(self, user: str) -> None:
        """Delete the user, deactivating first where that is due. The deletion itself pushes nothing."""

        def delete(org: Org) -> None:
            person = org.user(user)
            if person.status is not UserStatus.DEPROVISIONED:
                users.delete(org, person)
            users.delete(org, person)

        self._do(delete)

    def set_password(self, user: str, password: str) -> None:
        """Change the password; it is pushed where the app has PUSH_PASSWORD_UPDATES."""
        self._do(lambda org: users.set_password(org, org.user(user), password))

    def populate(self, count: int) -> list[str]:
        """Add a backlog of `count` assigned people whom nothing was pushed of, and return their ids."""
        return self._do(population.populate, self._app, count)

    def load(self, people: Iterable[tuple[User, AppUser]]) -> None:
        """Add people with their assignments to the app as they are given. Nothing is checked, nothing is pushed."""
        self._do(population.load, self._app, people)

    # -------------------------------------------------------------- assignments

    def assign(self, user: str) -> None:
        """Assign the user to the app in person."""
        self._do(lambda org: assignments.assign(org, self._app, org.user(user)))

    def unassign(self, user: str) -> None:
        """Take the assignment back."""
        self._do(lambda org: assignments.unassign(org, self._app, org.user(user)))

    def provision(self, user: str) -> None:
        """Push an assigned user once more from the start, as the button Provision User does."""

        def provision(org: Org) -> None:
            person = org.user(user)
            assignments.provision(org, self._app, person, org.app_user(self._app, person.id))

        self._do(provision)

    def assign_group(self, group_id: str) -> None:
        """Assign the group, and so its members."""
        self._do(assignments.assign_group, self._app, group_id)

    def unassign_group(self, group_id: str) -> None:
        """Take the group's assignment back, and so that of members who have no other."""
        self._do(assignments.unassign_group, self._app, group_id)

    # -------------------------------------------------------------- groups

    def create_group(self, name: str, member_ids: Iterable[str] = ()) -> str:
        """Add a group with these members and return its id."""

        def create(org: Org) -> str:
            group = groups.create(org, name)
            for user in member_ids:
                groups.add_member(org, group, org.user(user))
            return group.id

        return self._do(create)

    def rename_group(self, group_id: str, name: str) -> None:
        """Rename the group, in the app too where it is pushed."""
        self._do(lambda org: groups.update(org, org.group(group_id), name, org.group(group_id).description))

    def delete_group(self, group_id: str) -> None:
        """Delete the group in Okta; a pushed group is left in the app."""
        self._do(lambda org: groups.delete(org, org.group(group_id)))

    def add_member(self, group_id: str, user: str) -> None:
        """Add a member; assignment and membership are pushed where the group is assigned and pushed."""
        self._do(lambda org: groups.add_member(org, org.group(group_id), org.user(user)))

    def remove_member(self, group_id: str, user: str) -> None:
        """Remove a member, likewise."""
        self._do(lambda org: groups.remove_member(org, org.group(group_id), org.user(user)))

    def push_group(self, group_id: str) -> None:
        """Push the group from now on; one that is pushed already is overwritten in the app (Push Now)."""

        def push(org: Org) -> None:
            mapping = self._mapping_of(group_id)
            if mapping is None:
                group_push.link(org, self._app, org.group(group_id))
            else:
                group_push.push_now(org, self._app, mapping)

        self._do(push)

    def unlink_group(self, group_id: str, *, delete_target: bool = False) -> None:
        """Push the group no longer; with `delete_target` it is deleted in the app."""

        def unlink(org: Org) -> None:
            mapping = self._mapping_of(group_id)
            if mapping is None:
                raise not_found(group_id, "GroupPushMapping")
            group_push.unlink(org, self._app, mapping, delete_target=delete_target)

        self._do(unlink)

    # -------------------------------------------------------------- the app and its credentials

    def deactivate_app(self) -> None:
        """Switch the app off: group assignments take effect no longer, nothing is pushed."""
        self._do(apps.deactivate, self._app)

    def activate_app(self) -> None:
        """Switch the app on again."""
        self._do(apps.activate, self._app)

    def set_features(self, features: Iterable[str]) -> None:
        """Choose what provisioning does ("PUSH_NEW_USERS", ...); without any, nothing is pushed."""
        with self._org.lock:
            self._app.features = tuple(features)

    def register_service_app(self, client_id: str, scopes: Iterable[str]) -> None:
        """Let a client ask for access tokens with these scopes at /oauth2/v1/token, by a signed assertion."""
        with self._org.lock:
            self._credentials.service_apps[client_id] = frozenset(scopes)

    def revoke_tokens(self) -> None:
        """Make every API token and access token invalid."""
        with self._org.lock:
            self._credentials.revoke_all()

    # -------------------------------------------------------------- pushes

    def drain(self, timeout_seconds: float = 60.0) -> None:
        """Wait until everything that was queued has been pushed. Raises TimeoutError."""
        self._pushes.drain(timeout_seconds)

    def tasks(self) -> tuple[Task, ...]:
        """Return the pushes that failed and wait for an administrator."""
        return self._pushes.tasks()

    def pushes(self) -> tuple[PushRecord, ...]:
        """Return every request of every push, oldest first."""
        return self._pushes.records()

    def counts(self) -> dict[str, int]:
        """Return how many users, groups, apps, assignments, pushes (requests), tasks and faults there are."""
        return self._control.counts()

    @contextmanager
    def lose_pushes(self) -> Iterator[None]:
        """Lose every push that is decided on inside the block: none of them reaches the SCIM server."""
        rule = self.faults.on_push(PushFault.LOST, times=None)
        try:
            yield
        finally:
            self.faults.remove(rule)

    # -------------------------------------------------------------- the System Log

    @contextmanager
    def late_events(self) -> Iterator[None]:
        """Let what happens inside the block appear in the System Log only after it, behind what came meanwhile."""
        with self._org.lock:
            self._org.log.hold()
        try:
            yield
        finally:
            with self._org.lock:
                self._org.log.release()

    def forget_log(self, retention: timedelta) -> None:
        """Let the System Log go back no further than that."""
        with self._org.lock:
            self._org.log.retention = retention

    def register_event_hook(self, url: str, authorization: str, event_types: Iterable[str] = ()) -> str:
        """Post events to an endpoint from now on, once it has answered the challenge; return the hook's id.

        Raises `OktaError` where it does not answer it.
        """
        return self._hooks.register(url, authorization, event_types).id

    def hook_deliveries(self) -> tuple[HookDelivery, ...]:
        """Wait until every event that was due has been posted, and return each attempt."""
        self._hooks.drain(60.0)
        return self._hooks.deliveries()

    # -------------------------------------------------------------- the SCIM server

    def test_connection(self) -> int:
        """Make the one request that saving the Provisioning tab makes, and return its status.

        Raises `PushFailedError` when there is no answer.
        """
        with self._connect() as client:
            return client.send("GET", CONNECTOR_TEST, None).status

    def import_users(self) -> list[Json]:
        """Return the app's active users as an import reads them. Raises `PushFailedError`."""
        with self._connect() as client:
            return import_active_users(client.send)

    def _connect(self) -> ScimClient:
        settings = self._settings
        return ScimClient(settings.scim_url, settings.scim_token, settings.patience_seconds)

    def _mapping_of(self, group_id: str) -> GroupPushMapping | None:
        return next((mapping for mapping in self._app.mappings if mapping.group_id == group_id), None)

    def _lifecycle(self, user: str, action: Action) -> None:
        self._do(lambda org: users.apply(org, org.user(user), action))

    def _do(self, operation: Callable[Concatenate[Org, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._org.lock:
            return operation(self._org, *args, **kwargs)
