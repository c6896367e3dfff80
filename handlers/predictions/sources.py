"""What an answer is shown from."""

from dataclasses import dataclass
from typing import Self

from i18n.translator import Translator
from services.container import Services
from services.models.offers import Models
from services.predictions.history import History


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSources:
    """The model that gave it, its pictures while they are kept, and the words of who reads it."""

    models: Models
    history: History
    tr: Translator

    @classmethod
    def of(cls, services: Services, tr: Translator) -> Self:
        return cls(models=services.models, history=services.history, tr=tr)
