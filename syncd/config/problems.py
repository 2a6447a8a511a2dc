"""What can be wrong with a configuration, as values."""

from collections.abc import Sequence
from dataclasses import dataclass

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where it is written, which setting, what is the matter, and what to write instead.

    `key` is the dotted name; `what` completes a sentence that begins with it; `instead` is an order. Neither holds the
    value of a secret.
    """

    where: str
    key: str
    what: str
    instead: str

    def __str__(self) -> str:
        return f"{self.where}: {self.key} {self.what}. {self.instead}{'' if self.instead.endswith('?') else '.'}"


class ConfigurationError(Exception):
    """The configuration cannot be used. `problems` is all of them, so that they can be put right in one go."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "a problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        super().__init__(f"The configuration has {count}:{lines}")
