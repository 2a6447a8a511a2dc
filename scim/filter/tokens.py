"""The words of a filter: text -> tokens, with errors that tell where."""

import re
from collections.abc import Callable
from itertools import islice
from typing import Final

from scim.errors import ScimError

END: Final = ""
"""What stands after the last token."""

# A quoted string, a bracket, or a word: whatever lies between those and white space. Possessive, so that no input makes
# the scan go back. A string that is not closed takes all that is left.
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|[()\[\]]|[^ \t\r\n"()\[\]]++|".*', re.DOTALL)
_NO_WORD: Final = frozenset('()[]"')
_SHOWN_CHARACTERS: Final = 100


class Tokens:
    """The tokens of one text, read from left to right.

    `refuse` makes the error that this text deserves from a sentence about what is wrong with it.
    """

    def __init__(self, text: str, refuse: Callable[[str], ScimError]) -> None:
        self._text = text
        self._refuse = refuse
        self._tokens: list[str] = _TOKEN.findall(text)
        self._tokens.append(END)
        self._next = 0

    def peek(self) -> str:
        """Return the next token, or END."""
        return self._tokens[self._next]

    def skip(self) -> None:
        """Move past the next token, which must not be END."""
        self._next += 1

    def accept(self, token: str) -> bool:
        """Move past the next token if it is `token` (lower case) in any case, and return whether it was."""
        found = self._tokens[self._next].lower() == token
        self._next += found
        return found

    def expect(self, token: str, wanted: str) -> None:
        """Move past the next token, which must be `token`; raise the error that says what is `wanted` otherwise."""
        if not self.accept(token):
            raise self.unexpected(wanted)

    def expect_end(self, wanted: str) -> None:
        """Raise the error that says what is `wanted` unless all tokens were read."""
        if self.peek() is not END:
            raise self.unexpected(wanted)

    def word(self, wanted: str) -> str:
        """Return the next token, which must be a word, and move past it; raise the error otherwise."""
        token = self.peek()
        if token is END or token[0] in _NO_WORD:
            raise self.unexpected(wanted)
        self._next += 1
        return token

    def unexpected(self, wanted: str) -> ScimError:
        """Return the error that says what was expected where the next token stands."""
        return self._refuse(f"expected {wanted} {self._where(self._next)}, found {shown(self.peek())}")

    def refused(self, problem: str) -> ScimError:
        """Return the error that says what is wrong with the token read last."""
        return self._refuse(f"{problem} ({self._where(self._next - 1)})")

    def _where(self, index: int) -> str:
        match = next(islice(_TOKEN.finditer(self._text), index, None), None)
        return f"at character {match.start() + 1}" if match else "at the end"


def shown(token: str) -> str:
    """Return a token as it may be told: literals may be somebody's data and stay out."""
    if token is END:
        return "nothing"
    if token.startswith('"'):
        return "a string"
    text = token if token.isprintable() else ascii(token)[1:-1]
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
