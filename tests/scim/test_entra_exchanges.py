"""What Microsoft Entra sends, as its documentation shows it and as it is seen: one story per file in `entra_exchanges`.

The requests are those of "Develop and plan provisioning for a SCIM endpoint in Microsoft Entra ID" and "Known issues
and resolutions with SCIM 2.0 protocol compliance" (learn.microsoft.com), with and without the flag aadOptscim062020.
"""

from pathlib import Path

import pytest

from tests.scim.exchanges import TOKEN, replay, stories

HEADERS = {"Accept": "application/scim+json", "Accept-Encoding": "gzip", "Authorization": TOKEN}


@pytest.mark.parametrize("story", stories("entra_exchanges"), ids=lambda path: path.stem)
def test_entra_gets_the_answers_it_needs(story: Path) -> None:
    replay(story, HEADERS)
