"""Answers as they grow: who gives one tells how far it has come, whoever shows it hears that, in any process."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID

from services.coordination.base import Coordination, Topic
from services.notifications.message_ref import MessageRef

TAIL: Final = 20_000  # characters that are told of a long answer: its end


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerProgress:
    """`place`: of the chat that shows it, None where none does. `text`: what has come, of a long answer its end; empty
    before the first word. `done`: the answer itself is on its way, or there is none."""

    answer_id: UUID
    user_id: int
    place: MessageRef | None
    text: str = ""
    done: bool = False

    def dump(self) -> str:
        place = self.place
        chat = None if place is None else [place.chat_id, place.thread_id, place.message_id]
        return json.dumps([self.answer_id.hex, self.user_id, chat, self.text[-TAIL:], self.done])

    @classmethod
    def load(cls, told: str) -> Self:
        answer_id, user_id, chat, text, done = json.loads(told)
        place = (
            None if chat is None else MessageRef(**dict(zip(("chat_id", "thread_id", "message_id"), chat, strict=True)))
        )
        return cls(answer_id=UUID(answer_id), user_id=user_id, place=place, text=text, done=done)


class AnswerStreams:
    """What is told and not heard is lost: the answer itself comes through the outbox."""

    def __init__(self, coordination: Coordination) -> None:
        self._coordination = coordination

    def tell(self, progress: AnswerProgress) -> None:
        self._coordination.tell(Topic.ANSWER, progress.dump())

    def hear(self, heard: Callable[[AnswerProgress], None]) -> None:
        def read(told: str) -> None:
            if told:  # else something was missed, and more will come
                heard(AnswerProgress.load(told))

        self._coordination.hear(Topic.ANSWER, read)
