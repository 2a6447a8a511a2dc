"""What every table of the configuration file is."""

from collections.abc import Iterator
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from syncd.config import checks
from syncd.config.checks import Disagreement


class Section(BaseModel):
    """A table of the file. Nothing in it may be unknown, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def disagreements(self) -> Iterator[Disagreement]:
        """Yield what is wrong with the section although each setting of it is right."""
        return iter(())

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if found := tuple(self.disagreements()):
            raise checks.disagree(found)
        return self
