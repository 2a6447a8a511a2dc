"""Time that passes only when somebody waits for it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from syncd.okta_source.client import Patience


@dataclass
class Waiting:
    """Time that stands still until somebody sleeps. `naps` are the seconds slept, `said` what was announced."""

    seconds: float = 1_800_000_000.0
    naps: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.seconds += seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds

    @property
    def patience(self) -> Patience:
        return Patience(self.sleep, lambda: 0.5, self.monotonic)
