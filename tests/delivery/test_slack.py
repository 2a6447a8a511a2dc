"""What Slack gets says everything, stays within its limits, and is markup in no place."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from syncd.core.messages import MessageKind
from syncd.delivery import InTime, Slack
from syncd.delivery.slack import payload
from tests.contracts.notifier import BLOCKED, MESSAGE, STORM, NotifierContract
from tests.delivery.test_webhook import PATH, QUICK, WebWorld
from tests.delivery.web_receiver import WebReceiver, web_receiver


@pytest.fixture
def receiver() -> Iterator[WebReceiver]:
    with web_receiver() as receiver:
        yield receiver


class SlackWorld(WebWorld):
    """The same, with what a person reads: the text, or the blocks."""

    def received(self) -> list[str]:
        told = [json.loads(one.body) for one in self.receiver.posted]
        return [one["text"] for one in told]


class TestSlack(NotifierContract):
    """Every rule of the contract."""

    @pytest.fixture
    def world(self, receiver: WebReceiver) -> WebWorld:
        return SlackWorld(receiver, InTime(Slack(receiver.url + PATH, patience=QUICK), 3.0))


def texts(told: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every text of the blocks."""
    return [one for block in told["blocks"] for one in block.get("elements", [block.get("text")])]


def test_blocks_and_text_say_the_same() -> None:
    told = payload(replace(MESSAGE, reasons=(BLOCKED, STORM)))
    shown = "\n".join(one["text"] for one in texts(told))
    for part in ("the plan is blocked", "a storm of pushes", "Read it", MESSAGE.id):
        assert part in shown
        assert part in told["text"]


def test_nothing_is_markup() -> None:
    name = "crm: <!channel> & <https://evil.example|click>"
    told = payload(replace(MESSAGE, reasons=(replace(BLOCKED, notice=replace(BLOCKED.notice, title=name)),)))
    assert "<" not in told["text"]
    assert "&lt;!channel&gt; &amp; " in told["text"]
    assert {one["type"] for one in texts(told)} == {"plain_text"}


def test_it_stays_within_the_limits_of_slack() -> None:
    long = replace(BLOCKED, notice=replace(BLOCKED.notice, title="t" * 900, lines=("x" * 2000,) * 20))
    for kind, reasons in ((MessageKind.NOTICE, (long,)), (MessageKind.DIGEST, (long,) * 100)):
        told = payload(replace(MESSAGE, kind=kind, reasons=reasons))
        assert len(told["blocks"]) <= 50
        assert len(told["text"]) <= 40_000
        assert all(len(block["text"]["text"]) <= 150 for block in told["blocks"] if block["type"] == "header")
        assert all(0 < len(one["text"]) <= 3000 for one in texts(told))
