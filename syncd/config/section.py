"""What every table of the file has in common."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from syncd.config import checks
from syncd.config.checks import Disagreement

Secret = Annotated[SecretStr, Field(min_length=1)]


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
