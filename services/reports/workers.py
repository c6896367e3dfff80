"""Who works for the shop right now: processes that hold predictions and answers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import String, func, literal_column, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.chats import ChatMessage
from db.tables.predictions import Prediction

_predictions, _messages = table_of(Prediction), table_of(ChatMessage)
RUNNING: Final = literal_column("'running'", String)  # a word, so that partial indexes serve


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLoad:
    """`name`: as it signs what it holds."""

    name: str
    predictions: int
    answers: int

    @property
    def row(self) -> tuple[str, int, int]:
        return self.name, self.predictions, self.answers


def at_work(session: Session) -> Sequence[WorkerLoad]:
    held = []
    for table in (_predictions, _messages):
        query = select(table.c.leased_by, func.count()).where(table.c.status == RUNNING).group_by(table.c.leased_by)
        held.append(Counter({name or "": int(count) for name, count in session.execute(query)}))
    predictions, answers = held
    return [
        WorkerLoad(name=name, predictions=predictions[name], answers=answers[name])
        for name in sorted(predictions.keys() | answers.keys())
    ]
