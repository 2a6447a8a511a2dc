"""A message says the same to machines and to people, and no text in it breaks its line."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from syncd.core.messages import LONGEST_LINE, Message, MessageKind, message_of, one_line
from syncd.core.notices import Notice, NoticeKind, Standing

TEXT = st.text(max_size=30)
MOMENT = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=UTC, microsecond=at.microsecond // 1000 * 1000)
)
APP = st.sampled_from(["crm", "wiki-2"])
NOTICE = st.builds(
    Notice, TEXT, st.sampled_from(NoticeKind), TEXT, TEXT, st.lists(TEXT).map(tuple), TEXT, st.none() | TEXT
)
STANDING = st.builds(Standing, NOTICE, MOMENT, MOMENT, st.integers(1, 9), st.none() | MOMENT, st.none() | MOMENT)
MESSAGE = st.builds(
    Message, TEXT, st.sampled_from(MessageKind), APP, MOMENT, st.lists(STANDING, min_size=1, max_size=3).map(tuple)
)


@given(MESSAGE)
def test_a_message_can_be_read_back_from_its_json(message: Message) -> None:
    assert message_of(json.loads(json.dumps(message.as_json()))) == message


@given(MESSAGE)
def test_every_line_for_people_is_one_line(message: Message) -> None:
    for line in (message.title, *(line for part in message.paragraphs() for line in part.split("\n"))):
        assert len(line) <= LONGEST_LINE + 30
        assert line.isprintable()


@given(st.text())
def test_one_line_is_one_line_and_keeps_what_can_be_shown(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert len(line) <= LONGEST_LINE
    assert one_line(line) == line
    if text.isprintable() and len(text) <= LONGEST_LINE:
        assert line.replace(" ", "") == text.replace(" ", "")


def test_a_reason_that_is_over_already_says_so() -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    over = Standing(Notice("crm", NoticeKind.PUSH_STORM, "a storm", "look", run_id="run-1"), at, at, 3, None, at)
    (text,) = Message("id", MessageKind.NOTICE, "crm", at, (over,)).paragraphs()
    assert text.split("\n") == [
        "[critical] a storm",
        "What to do: look",
        "It was over again at 2026-03-01 12:00 UTC.",
        "Seen at 2026-03-01 12:00 UTC, 3 times until 2026-03-01 12:00 UTC in run run-1.",
    ]


def test_a_message_about_several_reasons_says_how_many() -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    one = Standing(Notice("crm", NoticeKind.PUSH_STORM, "crm: a storm", "look"), at, at, 1)
    assert Message("id", MessageKind.NOTICE, "crm", at, (one,)).title == "syncd: crm: a storm"
    assert Message("id", MessageKind.NOTICE, "crm", at, (one,) * 7).title == "syncd: crm: 7 things have come up"
    assert Message("id", MessageKind.DIGEST, "crm", at, (one,)).title == "syncd: crm: 1 still to be looked at"
