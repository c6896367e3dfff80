"""What /readyz answers with."""

from dataclasses import dataclass
from typing import Protocol

from prometheus_client import CollectorRegistry


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether each part can serve now; a value is `ok` or what is wrong."""

    parts: dict[str, str]

    @property
    def ready(self) -> bool:
        return all(state == "ok" for state in self.parts.values())


class HealthReport(Protocol):
    """What the process says of itself; `registry` has its metrics."""

    registry: CollectorRegistry

    async def readiness(self) -> Readiness: ...

    async def refresh(self) -> None:
        """Bring the metrics up to date."""
