"""What Okta sends, word for word, and what it needs to hear: one story per file in `okta_exchanges`."""

from pathlib import Path

import pytest

from tests.scim.exchanges import TOKEN, replay, stories

HEADERS = {
    "Accept": "application/scim+json",
    "Accept-Charset": "utf-8",
    "Accept-Encoding": "gzip,deflate",
    "User-Agent": "Okta SCIM Client 1.0.0",
    "Authorization": TOKEN,
}


@pytest.mark.parametrize("story", stories("okta_exchanges"), ids=lambda path: path.stem)
def test_okta_gets_the_answers_it_needs(story: Path) -> None:
    replay(story, HEADERS)
