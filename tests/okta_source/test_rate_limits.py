"""What Okta's rate limits do to a walk: it waits, says so, and gives up in the end."""

from collections.abc import Callable, Iterable

import pytest

from syncd.ports import AssignmentPage, SourceFault, SourceUnhealthyError
from tests.okta_source.conftest import OpenSource
from tests.okta_source.listing_script import Org, rows
from tests.okta_source.scripted_okta import Response, ScriptedOkta, okta_error
from tests.support.waiting import Waiting

ServeOrg = Callable[[Org], ScriptedOkta]

TOO_MANY = okta_error(429, "E0000047", "API call exceeded rate limit due to too many requests.")


def limited(limit: int, remaining: int, reset: float) -> tuple[tuple[str, str], ...]:
    return (
        ("X-Rate-Limit-Limit", str(limit)),
        ("X-Rate-Limit-Remaining", str(remaining)),
        ("X-Rate-Limit-Reset", str(int(reset))),
    )


def refusal(waiting: Waiting, limit: int, seconds: float) -> Callable[[Response], Response]:
    return lambda _: TOO_MANY.having(*limited(limit, 0, waiting.seconds + seconds))


def count_rows(pages: Iterable[AssignmentPage]) -> int:
    return sum(len(page.rows) for page in pages)


def test_a_refusal_is_waited_out_until_oktas_reset_and_announced(
    open_okta: OpenSource, serve_org: ServeOrg, waiting: Waiting
) -> None:
    org = Org(rows(8), 3, spoilt={2: refusal(waiting, 100, 19)}, spoilt_times=1)
    assert count_rows(open_okta(serve_org(org).url, page_limit=3).pages()) == 8
    assert waiting.naps == [20.5]
    assert waiting.said == ["waiting 21 s for Okta's rate limit, page 2"]


def test_a_refusal_for_concurrency_is_waited_out_for_seconds_whatever_its_reset(
    open_okta: OpenSource, serve_org: ServeOrg, waiting: Waiting
) -> None:
    org = Org(rows(8), 3, spoilt={2: refusal(waiting, 0, 114)}, spoilt_times=2)
    assert count_rows(open_okta(serve_org(org).url, page_limit=3).pages()) == 8
    assert waiting.naps == [3.0, 3.0]
    assert waiting.said[0] == "waiting 3 s for Okta's limit on requests at once, page 2"


def test_a_reset_far_away_is_not_believed_beyond_the_longest_wait(
    open_okta: OpenSource, serve_org: ServeOrg, waiting: Waiting
) -> None:
    org = Org(rows(8), 3, spoilt={2: refusal(waiting, 100, 86_400)}, spoilt_times=1)
    assert count_rows(open_okta(serve_org(org).url, page_limit=3, max_wait_each=65.0).pages()) == 8
    assert waiting.naps == [65.0]


def test_when_the_waits_are_used_up_the_walk_ends_in_an_error(
    open_okta: OpenSource, serve_org: ServeOrg, waiting: Waiting
) -> None:
    okta = serve_org(Org(rows(8), 3, spoilt={2: refusal(waiting, 100, 59)}))
    with pytest.raises(SourceUnhealthyError) as caught:
        list(open_okta(okta.url, page_limit=3, max_wait_total=150.0).pages())
    assert caught.value.fault is SourceFault.RATE_LIMIT
    assert sum(waiting.naps) == 121.0
    assert len(okta.requests) == 4


@pytest.mark.parametrize("clock_is_off", [-900.0, 900.0])
def test_a_wrong_clock_here_changes_no_wait(
    clock_is_off: float, open_okta: OpenSource, serve_org: ServeOrg, waiting: Waiting
) -> None:
    org = Org(rows(8), 3)
    okta = serve_org(org)
    org.now = lambda: waiting.seconds + clock_is_off
    org.spoilt = {2: lambda _: TOO_MANY.having(*limited(100, 0, org.now() + 19))}
    org.spoilt_times = 1
    assert count_rows(open_okta(okta.url, page_limit=3).pages()) == 8
    assert waiting.naps == [20.5]


def test_the_walk_leaves_half_of_every_window_to_others(
    open_okta: OpenSource, serve_org: ServeOrg, waiting: Waiting
) -> None:
    asked: list[int] = []

    def count(response: Response) -> Response:
        window = int(waiting.seconds // 60)
        asked.append(window)
        return response.having(*limited(10, 10 - asked.count(window), 60 * (window + 1)))

    okta = serve_org(Org(rows(36), 3, every=count))
    assert count_rows(open_okta(okta.url, page_limit=3).pages()) == 36
    assert [asked.count(window) for window in sorted(set(asked))] == [
        5,
        5,
        4,
    ]  # 12 pages, and the end asked for again in two parts
    assert waiting.said == [
        "waiting 61 s for Okta's rate limit, page 6",
        "waiting 60 s for Okta's rate limit, page 11",
    ]
