"""Which requests are answered on the event loop itself: the answer costs less than the way to a thread and back.

Only what reads one user by a key: its work is bounded, whatever a client sends. A write waits for the disk and for
other writers, a list or a group may be long, and a leniency is written down; all of these get a thread.
"""

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_USER: Final = re.compile(r"/scim/v2/Users/[^/]+")
_USERS: Final = "/scim/v2/Users"
# No quote and no backslash within the value, however written: what is matched is one comparison and nothing beside it.
_LOOKUP: Final = re.compile(
    r"filter=(?:userName|externalId)(?:%20|\+)eq(?:%20|\+)(?:%22|\")(?:[\w.~+@:-]|%(?!22|5C)[0-9A-F]{2})*+(?:%22|\")"
    r"(?:&(?:startIndex|count)=\d{1,9}){0,2}",
    re.ASCII | re.IGNORECASE,
)


def is_prompt(environ: "WSGIEnvironment") -> bool:
    """Return whether a request reads one user, by its id or as Okta looks it up: `userName` or `externalId` `eq`."""
    if environ["REQUEST_METHOD"] != "GET":
        return False
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    if path == _USERS:
        return _LOOKUP.fullmatch(query) is not None
    return not query and _USER.fullmatch(path) is not None
