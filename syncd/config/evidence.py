"""What evidence is held against, and how it is mapped."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from pydantic import Field

from syncd.config.section import Section
from syncd.core.movements import Movement


class EvidenceSettings(Section):
    """[evidence]: how long changes may take, how large samples are, and which controls records support."""

    joiner_sla_hours: float = Field(
        24.0, gt=0, le=8760, description="Hours from an assignment in Okta to the open account, before it is a breach."
    )
    mover_sla_hours: float = Field(
        24.0, gt=0, le=8760, description="Hours from a change of somebody in Okta to the changed account."
    )
    leaver_sla_hours: float = Field(
        24.0, gt=0, le=8760, description="Hours from the end of somebody's access in Okta to the closed account."
    )
    sample_size: int = Field(25, ge=1, le=10_000, description="Rows in the sample of each movement.")
    controls: Path | None = Field(
        None,
        description="Your own mapping of records to controls; by default the one that comes with syncd.",
        examples=["/etc/syncd/controls.toml"],
    )

    def slas(self) -> Mapping[Movement, timedelta]:
        """Return how long each movement may take."""
        hours = {
            Movement.JOINER: self.joiner_sla_hours,
            Movement.MOVER: self.mover_sla_hours,
            Movement.LEAVER: self.leaver_sla_hours,
        }
        return {movement: timedelta(hours=count) for movement, count in hours.items()}
