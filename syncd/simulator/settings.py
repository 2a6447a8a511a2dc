"""What a simulated org is started with."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NotRequired, TypedDict

from syncd.simulator.org import Clock
from syncd.simulator.records import Style


def wall_clock() -> datetime:
    """Return the time: the only place of the simulator that reads it, and callers may bring their own."""
    return datetime.now(UTC)  # noqa: TID251 - the simulator imports nothing of syncd, so there is no Clock to inject


class Options(TypedDict):
    """The keywords of `SimulatedOrg.start`; what they mean and their defaults are in `Settings`."""

    scim_url: str
    scim_token: str
    host: NotRequired[str]
    port: NotRequired[int]
    style: NotRequired[Style | str]
    api_token: NotRequired[str]
    app_id: NotRequired[str]
    app_label: NotRequired[str]
    seed: NotRequired[int]
    clock: NotRequired[Clock]
    patience_seconds: NotRequired[float]
    longest_wait_seconds: NotRequired[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How an org is set up.

    `scim_url` and `scim_token` are what an administrator types into the app's Provisioning tab. Without `api_token` and
    `app_id` they are made from the seed; port 0 is any free one. `patience_seconds` is how long a SCIM answer may take,
    `longest_wait_seconds` how long a 429 is really waited for.
    """

    scim_url: str
    scim_token: str
    host: str = "127.0.0.1"
    port: int = 0
    style: Style | str = Style.OIN
    api_token: str | None = None
    app_id: str | None = None
    app_label: str = "Rehearsal"
    seed: int = 1
    clock: Clock = wall_clock
    patience_seconds: float = 60.0
    longest_wait_seconds: float = 1.0
