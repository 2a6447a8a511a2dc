"""Every operation against SCIM over a memory store: right where it is right, and found out where it is not."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import orjson
import pytest

from bench.big_group import BIG_GROUP, measure_group, spare_users
from bench.directory import Directory
from bench.flow import measure_flow
from bench.load import Bounds
from bench.operations import GROWN, OPERATIONS, Prepare, measure
from bench.results import Results
from bench.samples import Sample
from bench.scale import QUICK
from scim.exchange import ScimRequest, ScimResponse
from tests.bench.served import Answering, scim_endpoint, served

PATIENT = Bounds(seconds=20, patience=10)
USERS, REQUESTS = 130, 20
ALL = {**OPERATIONS, **GROWN}


def on(answering: Answering, work: Callable[[Directory], Awaitable[Sample]]) -> Sample:
    """Return what work on a directory of some users came to."""

    async def whole() -> Sample:
        with served(answering) as running:
            directory = Directory(running)
            try:
                await directory.fill(USERS, PATIENT)
                assert len(directory.users) == USERS
                return await work(directory)
            finally:
                directory.close()

    return asyncio.run(whole())


def measured(prepare: Prepare) -> Callable[[Directory], Awaitable[Sample]]:
    return lambda directory: measure(directory, prepare, REQUESTS, PATIENT, 4)


@pytest.mark.parametrize("name", ALL)
def test_an_operation_is_right_on_a_server_that_is_right(name: str) -> None:
    sample = on(scim_endpoint(), measured(ALL[name][1]))
    assert not sample.wrong
    assert len(sample.seconds) == REQUESTS


def test_the_flow_is_right_on_a_server_that_is_right() -> None:
    sample = on(scim_endpoint(), lambda directory: measure_flow(directory, Bounds(0.3, 10)))
    assert sample.is_right


def forget(method: str, part: str) -> Answering:
    """Return a server that answers such requests with success and does nothing."""
    honest = scim_endpoint()

    def answering(asked: str, target: str, body: bytes) -> tuple[int, bytes]:
        if asked == method and part in body.decode():
            return 204, b""
        return honest(asked, target, body)

    return answering


def test_a_change_that_was_acknowledged_and_not_made_is_found_out() -> None:
    sample = on(forget("PATCH", '"active"'), measured(OPERATIONS["patch_active"][1]))
    assert "another active" in sample.wrong


def test_a_removal_that_was_acknowledged_and_not_made_is_found_out() -> None:
    sample = on(forget("PATCH", '"remove"'), measured(OPERATIONS["group_remove"][1]))
    assert any("members instead of" in complaint for complaint in sample.wrong)


def test_a_page_that_is_short_is_found_out() -> None:
    def shorten(request: ScimRequest, right: ScimResponse) -> ScimResponse:
        body = orjson.loads(right.body)
        if request.method == "GET" and body.get("Resources"):
            body["Resources"].pop()
        return replace(right, body=orjson.dumps(body))

    sample = on(scim_endpoint(shorten), measured(OPERATIONS["page"][1]))
    assert sample.wrong == {"99 users instead of 100": REQUESTS}


def test_a_server_is_not_blamed_for_a_late_change_that_it_made_all_the_same() -> None:
    honest, late = scim_endpoint(), iter([True])

    def answering(method: str, target: str, body: bytes) -> tuple[int, bytes]:
        answer = honest(method, target, body)
        if method == "POST" and "/Users" in target and next(late, False):
            time.sleep(0.4)
        return answer

    async def whole() -> Sample:
        with served(answering) as running:
            directory = Directory(running)
            try:
                await directory.fill(1, Bounds(5, 0.1))
                await directory.fill(120, PATIENT)
                return await measure(directory, OPERATIONS["page"][1], REQUESTS, PATIENT, 4)
            finally:
                directory.close()

    assert asyncio.run(whole()).is_right


def test_a_server_that_makes_no_groups_is_told_as_that() -> None:
    def refuse(request: ScimRequest, right: ScimResponse) -> ScimResponse:
        return ScimResponse(501, b"{}") if request.path.startswith("/Groups") else right

    sample = on(scim_endpoint(refuse), measured(OPERATIONS["group_add"][1]))
    assert sample.wrong == {"a group of 100 could not be made": 1}


def test_what_changes_a_large_group_is_right_on_a_server_that_is_right() -> None:
    scale = replace(QUICK, group_sizes=(20,), grown_requests=10, grown=PATIENT)
    results = Results("test", patience=10)

    async def work(directory: Directory) -> Sample:
        await directory.fill(20 + spare_users(scale), PATIENT)
        await measure_group({"syncd-sqlite": directory}, 20, scale, results)
        return Sample()

    on(scim_endpoint(), work)
    figures = [results.figure(name, 20, "syncd-sqlite") for name in BIG_GROUP]
    assert [(bool(figure.rate), figure.note) for figure in figures] == [(True, "")] * len(BIG_GROUP)
