"""What an answer is shown from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from i18n.translator import Translator
from services.container import Services
from services.forecasts.queries import ForecastQueries
from services.manifests.manifest import Manifest
from services.models.offers import Offer
from services.predictions.history import History


class AnsweringModels(Protocol):
    """As `Models` has them."""

    def manifest(self, slug: str) -> Manifest | None: ...

    def folder(self, slug: str) -> Path: ...

    async def preset_inputs(self, preset_id: int | None) -> dict[str, Any]: ...  # Any: JSON

    async def sold(self) -> list[Offer]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSources:
    """The model that gave it, its pictures while they are kept, what came of it, and the words of who reads it."""

    models: AnsweringModels
    history: History
    forecasts: ForecastQueries
    tr: Translator

    @classmethod
    def of(cls, services: Services, tr: Translator) -> Self:
        return cls(models=services.models, history=services.history, forecasts=services.forecasts, tr=tr)
