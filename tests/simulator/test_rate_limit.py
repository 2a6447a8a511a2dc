"""Rate limits: three headers, a window of a minute, 429 when a bucket is used up."""

from syncd.simulator import WORKFORCE, SimulatedOrg
from tests.simulator.conftest import APP_ID, Api, SetClock

USERS = f"/api/v1/apps/{APP_ID}/users"


def standing(api: Api, path: str = USERS) -> tuple[int | str | None, ...]:
    """Return the status, and the values of the three headers."""
    answer = api("GET", path)
    names = ("Limit", "Remaining", "Reset")
    return (answer.status_code, *(answer.headers.get(f"X-Rate-Limit-{name}") for name in names))


def test_a_used_up_bucket_refuses_until_its_reset(org: SimulatedOrg, api: Api, clock: SetClock) -> None:
    org.rate_limits.per_minute["/api/v1/apps"] = 2
    reset = str(int(clock().timestamp()) + 60)
    assert [standing(api) for _ in range(3)] == [
        (200, "2", "1", reset),
        (200, "2", "0", reset),
        (429, "2", "0", reset),
    ]
    assert api("GET", USERS).json()["errorCode"] == "E0000047"
    clock.advance(60)
    assert standing(api)[:3] == (200, "2", "1")


def test_buckets_are_counted_apart(org: SimulatedOrg, api: Api) -> None:
    org.rate_limits.per_minute |= {"/api/v1/apps": 1, "/api/v1/apps/{id}": 5}
    standing(api)
    assert standing(api)[0] == 429
    assert standing(api, f"/api/v1/apps/{APP_ID}")[:3] == (200, "5", "4")


def test_limits_can_be_switched_off(org: SimulatedOrg, api: Api) -> None:
    org.rate_limits.enabled = False
    assert standing(api) == (200, None, None, None)


def test_the_limits_of_a_workforce_org_are_at_hand(org: SimulatedOrg, api: Api) -> None:
    org.rate_limits.per_minute |= WORKFORCE
    assert standing(api)[1] == "100"
