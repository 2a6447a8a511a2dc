"""The state of a simulated org: tables, and how things in them are found."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock

from syncd.simulator.errors import not_found
from syncd.simulator.identifiers import IdFactory
from syncd.simulator.jobs import FEATURE_OF, Job
from syncd.simulator.ordered_table import OrderedTable
from syncd.simulator.records import App, AppUser, Group, GroupPushMapping, User, timestamp
from syncd.simulator.system_log import SystemLog

Clock = Callable[[], datetime]
"""Tells the time, aware."""


@dataclass(slots=True)
class Org:
    """Everything the org knows. Whoever reads or changes it holds `lock`; jobs leave through `push`.

    `logins` (folded) and `group_names` lead to ids.
    """

    ids: IdFactory
    clock: Clock
    submit: Callable[[Job], None]
    lock: RLock = field(default_factory=RLock)
    users: OrderedTable[User] = field(default_factory=OrderedTable)
    logins: dict[str, str] = field(default_factory=dict)
    apps: OrderedTable[App] = field(default_factory=OrderedTable)
    groups: OrderedTable[Group] = field(default_factory=OrderedTable)
    group_names: dict[str, str] = field(default_factory=dict)
    groups_of: dict[str, set[str]] = field(default_factory=dict)
    log: SystemLog = field(init=False)

    def __post_init__(self) -> None:
        """Begin the log."""
        self.log = SystemLog(self.ids, self.clock)

    def now(self) -> str:
        """Return the time as the API shows it."""
        return timestamp(self.clock())

    def push(self, job: Job) -> None:
        """Hand a job to the worker, unless provisioning of that kind is switched off for the app."""
        if job.app.pushes(FEATURE_OF[job.operation]):
            self.submit(job)

    def user(self, key: str) -> User:
        """Return the user with that id or login. Raises `OktaError` 404."""
        user = self.users.get(self.logins.get(key.casefold(), key))
        if user is None:
            raise not_found(key, "User")
        return user

    def app(self, app_id: str) -> App:
        """Return the app. Raises `OktaError` 404."""
        app = self.apps.get(app_id)
        if app is None:
            raise not_found(app_id, "AppInstance")
        return app

    def app_user(self, app: App, user_id: str) -> AppUser:
        """Return the user's assignment to the app. Raises `OktaError` 404."""
        app_user = app.users.get(user_id)
        if app_user is None:
            raise not_found(user_id, "AppUser")
        return app_user

    def group(self, group_id: str) -> Group:
        """Return the group. Raises `OktaError` 404."""
        group = self.groups.get(group_id)
        if group is None:
            raise not_found(group_id, "UserGroup")
        return group

    def mapping(self, app: App, mapping_id: str) -> GroupPushMapping:
        """Return the group push mapping. Raises `OktaError` 404."""
        mapping = app.mappings.get(mapping_id)
        if mapping is None:
            raise not_found(mapping_id, "GroupPushMapping")
        return mapping
