"""The queue of provisioning jobs: one worker, strictly in order, nothing tried again except after a 429."""

from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Condition, Event, RLock, Thread
from typing import Final, Self

from syncd.simulator.faults import Faults, PushFault
from syncd.simulator.jobs import GroupJob, Job, Operation, UserJob
from syncd.simulator.provisioning import perform
from syncd.simulator.push_faults import struck_by
from syncd.simulator.records import AppUser, AppUserStatus, SyncState
from syncd.simulator.scim_client import Json, PushFailedError, ScimAnswer, ScimClient, Send

ATTEMPTS: Final = 10
WAIT_WITHOUT_RETRY_AFTER: Final = 300
STOP_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class PushRecord:
    """One request of a push as Okta sees it: `status` is None where no answer came. `fault` was asked for."""

    number: int
    operation: Operation
    target_id: str
    method: str
    path: str
    status: int | None
    fault: PushFault | None


@dataclass(frozen=True, slots=True)
class Task:
    """A push that failed. Okta lists it in its console and leaves it to an administrator."""

    number: int
    created: str
    operation: Operation
    target_id: str
    label: str
    error: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where and how jobs are delivered.

    `connect` opens a connection for the worker. `now` and `lock` are the org's. `longest_wait_seconds` bounds each wait
    after a 429, whatever the server asked for: rehearsal time is not Okta's time. `failed` is told of each job that
    failed and why, with the lock held.
    """

    connect: Callable[[], ScimClient]
    now: Callable[[], str]
    lock: RLock
    longest_wait_seconds: float = 1.0
    failed: Callable[[Job, str], None] = field(default=lambda _job, _error: None)


class PushQueue:
    """Takes jobs and carries them out in a thread of its own. A context manager that ends the thread."""

    def __init__(self, faults: Faults, delivery: Delivery) -> None:
        self._faults, self._delivery = faults, delivery
        self._jobs: SimpleQueue[tuple[Job, PushFault | None] | None] = SimpleQueue()
        self._open = 0
        self._changed = Condition()
        self._stopping = Event()
        self._records: list[PushRecord] = []
        self._tasks: list[Task] = []
        self._worker = Thread(target=self._work, name="okta-pushes", daemon=True)
        self._worker.start()

    def submit(self, job: Job) -> None:
        """Queue a job. The fault that will strike it is decided now."""
        fault = self._faults.for_push(job.operation, job.target_id)
        with self._changed:
            self._open += 1
        self._jobs.put((job, fault))

    def drain(self, timeout_seconds: float) -> None:
        """Wait until every job that was queued has been carried out. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._open == 0, timeout_seconds):
                raise TimeoutError(f"{self._open} pushes are still waiting after {timeout_seconds:g} s")

    def records(self) -> tuple[PushRecord, ...]:
        """Return every request that was made, oldest first."""
        return tuple(self._records)

    def tasks(self) -> tuple[Task, ...]:
        """Return the pushes that failed, oldest first."""
        return tuple(self._tasks)

    def stop(self) -> None:
        """End the worker after the request it is in, without waiting long for that; jobs that wait are dropped."""
        self._stopping.set()
        self._jobs.put(None)
        self._worker.join(STOP_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _work(self) -> None:
        with self._delivery.connect() as client:
            while (item := self._jobs.get()) is not None and not self._stopping.is_set():
                self._carry_out(client, *item)
                with self._changed:
                    self._open -= 1
                    self._changed.notify_all()

    def _carry_out(self, client: ScimClient, job: Job, fault: PushFault | None) -> None:
        send = self._patient(self._recorded(struck_by(fault, client.send), job, fault))
        try:
            scim_id = perform(send, job)
        except PushFailedError as problem:
            self._fail(job, str(problem))
        except Exception as problem:  # noqa: BLE001 - a server that answers nonsense must not end the rehearsal
            self._fail(job, f"The answer could not be understood: {type(problem).__name__}: {problem}")
        else:
            if scim_id is not None:
                with self._delivery.lock:
                    _succeeded(job, scim_id, self._delivery.now())

    def _fail(self, job: Job, error: str) -> None:
        now = self._delivery.now()
        with self._delivery.lock:
            _failed(job, error, now)
            self._delivery.failed(job, error)
            self._tasks.append(Task(len(self._tasks) + 1, now, job.operation, job.target_id, job.label, error))

    def _recorded(self, send: Send, job: Job, fault: PushFault | None) -> Send:
        def recorded(method: str, path: str, body: Json | None) -> ScimAnswer:
            status = None
            try:
                answer = send(method, path, body)
                status = answer.status
            finally:
                number = len(self._records) + 1
                self._records.append(PushRecord(number, job.operation, job.target_id, method, path, status, fault))
            return answer

        return recorded

    def _patient(self, send: Send) -> Send:
        """Try again after a 429, as Okta documents it: ten attempts, and five minutes where no time is given."""

        def patient(method: str, path: str, body: Json | None) -> ScimAnswer:
            default = WAIT_WITHOUT_RETRY_AFTER
            for _ in range(ATTEMPTS):
                answer = send(method, path, body)
                if answer.status != _TOO_MANY_REQUESTS:
                    return answer
                asked = answer.headers.get("retry-after", "")
                seconds = int(asked) if asked.isdecimal() else default
                default *= 1 if asked.isdecimal() else 2
                if self._stopping.wait(min(seconds, self._delivery.longest_wait_seconds)):
                    break
            raise PushFailedError(f"Rate limited by the remote server; given up after {ATTEMPTS} attempts")

        return patient


_TOO_MANY_REQUESTS: Final = 429


def _succeeded(job: Job, scim_id: str, now: str) -> None:
    if isinstance(job, GroupJob):
        _group_pushed(job, scim_id, now)
        return
    app_user = job.app_user
    if app_user.status is not AppUserStatus.PROVISIONED:
        app_user.status, app_user.status_changed = AppUserStatus.PROVISIONED, now
    app_user.external_id, app_user.sync_state, app_user.last_sync = scim_id, SyncState.SYNCHRONIZED, now


def _group_pushed(job: GroupJob, scim_id: str, now: str) -> None:
    mapping = job.mapping
    mapping.target_group_id, mapping.last_push = scim_id, now
    mapping.status, mapping.error_summary = "ACTIVE", None
    if job.operation is Operation.PUSH_GROUP or job.members:
        mapping.pushed = _scim_ids(job.members)
        return
    for user_id in job.left:
        mapping.pushed.pop(user_id, None)
    mapping.pushed.update(_scim_ids(job.joined))


def _scim_ids(app_users: tuple[AppUser, ...]) -> dict[str, str]:
    return {member.user_id: member.external_id for member in app_users if member.external_id is not None}


def _failed(job: Job, error: str, now: str) -> None:
    if isinstance(job, UserJob):
        job.app_user.sync_state = SyncState.ERROR
    else:
        job.mapping.status, job.mapping.error_summary, job.mapping.last_updated = "ERROR", error, now
