"""What is done later, chat by chat: texts in the order of their numbers, each chat's first when the chat is due."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class DueChat:
    """`seconds`: until then; not more than 0 where it is due."""

    chat_id: int
    seconds: float


class DeferredStore(Protocol):
    """Of one shop. All raise `DatabaseUnavailable` where the memory that processes share does not answer."""

    async def is_waiting(self, chat_id: int) -> bool: ...

    async def items(self, chat_id: int) -> Mapping[int, str]:
        """By number, the lowest first."""

    async def put(self, chat_id: int, number: int, text: str) -> None:
        """A chat in which nothing waited yet is due at once."""

    async def drop(self, chat_id: int, *numbers: int) -> None:
        """A chat in which nothing is left does not wait any more."""

    async def postpone(self, chat_id: int, *, seconds: float) -> None:
        """The chat is due then, and not before."""

    async def nearest(self) -> DueChat | None:
        """None where nothing waits."""

    async def take(self, chat_id: int, *, seconds: float) -> bool:
        """Whether the chat was due. If so it is the caller's for so long: to others it is due after that."""


@dataclass(slots=True)
class _Chat:
    due: float
    texts: dict[int, str] = field(default_factory=dict)


class MemoryDeferredStore:
    """One process alone: it forgets with it."""

    def __init__(self) -> None:
        self._now = asyncio.get_running_loop().time
        self._chats: dict[int, _Chat] = {}

    async def is_waiting(self, chat_id: int) -> bool:
        return chat_id in self._chats

    async def items(self, chat_id: int) -> Mapping[int, str]:
        chat = self._chats.get(chat_id)
        return {} if chat is None else dict(sorted(chat.texts.items()))

    async def put(self, chat_id: int, number: int, text: str) -> None:
        self._chats.setdefault(chat_id, _Chat(due=self._now())).texts[number] = text

    async def drop(self, chat_id: int, *numbers: int) -> None:
        if (chat := self._chats.get(chat_id)) is None:
            return
        for number in numbers:
            chat.texts.pop(number, None)
        if not chat.texts:
            del self._chats[chat_id]

    async def postpone(self, chat_id: int, *, seconds: float) -> None:
        due = self._now() + seconds
        self._chats.setdefault(chat_id, _Chat(due=due)).due = due

    async def nearest(self) -> DueChat | None:
        if not self._chats:
            return None
        chat_id = min(self._chats, key=lambda each: self._chats[each].due)
        return DueChat(chat_id=chat_id, seconds=self._chats[chat_id].due - self._now())

    async def take(self, chat_id: int, *, seconds: float) -> bool:
        chat = self._chats.get(chat_id)
        if chat is None or chat.due > self._now():
            return False
        chat.due = self._now() + seconds
        return True
