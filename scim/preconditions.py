"""`If-Match` and `If-None-Match`: a request that counts on a version (RFC 7644 section 3.14, RFC 9110 section 13).

Tags are compared weakly: by what stands in quotes, whether or not `W/` stands before it. RFC 9110 section 13.1.1 wants
the strong comparison for `If-Match`, in which a weak tag equals nothing; but RFC 7644 makes its tags weak and shows
them in `If-Match`. It is safe here: a tag is the number of a version, and no two states of a resource share one.
"""

import re
from dataclasses import dataclass
from typing import Final

from scim.errors import InvalidValue, PreconditionFailed
from scim.exchange import ScimRequest

Tags = frozenset[str] | None
"""What entity tags have in quotes, with the quotes. None is `*`: any version, as long as there is one."""

_ANY: Final = "*"
_TAG: Final = r'(?:W/)?+"[\x21\x23-\x7e\x80-\xff]*+"'
_LIST: Final = re.compile(rf"[ \t,]*+{_TAG}(?:[ \t]*+,[ \t,]*+{_TAG})*+[ \t,]*+")
_OPAQUE: Final = re.compile(r'"[^"]*+"')


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What a request says of the version that it counts on; a header that is not there says nothing."""

    match: Tags = None
    none_match: Tags = frozenset()

    @property
    def are_given(self) -> bool:
        """Whether the version matters at all: of a resource that exists, `If-Match: *` asks nothing more."""
        return self != Preconditions()

    def require(self, tag: str) -> None:
        """Let a request change a resource that has the entity tag `tag`. Raises `PreconditionFailed`."""
        self.require_match(tag)
        if self.is_known(tag):
            raise PreconditionFailed(f"If-None-Match names the version that the resource has: {tag}.")

    def require_match(self, tag: str) -> None:
        """Raise `PreconditionFailed` where `If-Match` names other versions only."""
        if not _names(self.match, tag):
            raise PreconditionFailed(f"If-Match does not name the version that the resource has: {tag}. Read it again.")

    def is_known(self, tag: str) -> bool:
        """Return whether `If-None-Match` names the version, so that the client has it already."""
        return _names(self.none_match, tag)


def read_preconditions(request: ScimRequest) -> Preconditions:
    """Return the preconditions of a request. Raises `InvalidValue` for a header that is no list of entity tags."""
    match = None if request.if_match is None else read_tags("If-Match", request.if_match)
    none_match = frozenset() if request.if_none_match is None else read_tags("If-None-Match", request.if_none_match)
    return Preconditions(match, none_match)


def read_tags(where: str, text: str) -> Tags:
    """Return the entity tags of a list, of which elements may be empty (RFC 9110 sections 5.6.1 and 8.8.3).

    Raises `InvalidValue`, which names `where` the list stands.
    """
    if text.strip(" \t") == _ANY:
        return None
    if not _LIST.fullmatch(text):
        raise InvalidValue(f'{where}: expected entity tags as in meta.version, such as W/"1", or *.')
    return frozenset(_OPAQUE.findall(text))


def _names(tags: Tags, tag: str) -> bool:
    return tags is None or tag.removeprefix("W/") in tags
