"""Where aiogram's FSM lives: in the shop's database, so that a dialog survives a restart."""

import sys
from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseEventIsolation, BaseStorage, DefaultKeyBuilder, StateType, StorageKey

from services.coordination.base import Coordination
from services.dialogs import DialogRecord, Dialogs

_keys = DefaultKeyBuilder(with_bot_id=True, with_destiny=True)
CACHED_CHATS = 10_000
LONG = 1_000


class SqlStorage(BaseStorage):
    """States and data of dialogs in `fsm_state`. With `cache` (one process only) reads of known chats cost nothing."""

    def __init__(self, dialogs: Dialogs, *, cache: bool) -> None:
        self._dialogs = dialogs
        self._cache: OrderedDict[str, DialogRecord] | None = OrderedDict() if cache else None

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        name = state.state if isinstance(state, State) else state
        old, data = await self._load(key)
        if old != name:
            await self._save(key, (name, data))

    async def get_state(self, key: StorageKey) -> str | None:
        return (await self._load(key))[0]

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        state, old = await self._load(key)
        if old != data:
            await self._save(key, (state, dict(data)))

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        return dict((await self._load(key))[1])

    async def close(self) -> None:
        """The database is closed by whoever opened it."""

    async def forget(self, before: datetime) -> int:
        """Drop dialogs that nobody touched since `before`."""
        if self._cache is not None:
            self._cache.clear()
        return await self._dialogs.forget(before)

    async def _load(self, key: StorageKey) -> DialogRecord:
        name = _keys.build(key)
        if self._cache is not None and name in self._cache:
            self._cache.move_to_end(name)
            return self._cache[name]
        record = await self._dialogs.read(name)
        self._remember(name, record)
        return record

    async def _save(self, key: StorageKey, record: DialogRecord) -> None:
        name = _keys.build(key)
        await self._dialogs.write(name, record)
        self._remember(name, record)

    def _remember(self, name: str, record: DialogRecord) -> None:
        if self._cache is None:
            return
        if _is_long(record[1]):
            self._cache.pop(name, None)
            return
        self._cache[name] = record
        self._cache.move_to_end(name)
        if len(self._cache) > CACHED_CHATS:
            self._cache.popitem(last=False)


def _is_long(value: Any) -> bool:  # Any: as above
    """Whether a long list is in it, such as a series of numbers: ten thousand of those do not fit into memory."""
    if isinstance(value, dict):
        return any(map(_is_long, value.values()))
    return isinstance(value, list) and len(value) > LONG


class OneAtATime(BaseEventIsolation):
    """Events of one user one after another, in all processes of the shop."""

    def __init__(self, coordination: Coordination) -> None:
        self._coordination = coordination

    @asynccontextmanager
    async def lock(self, key: StorageKey) -> AsyncGenerator[None, None]:
        """Raises `DatabaseUnavailable`, but not once the event was handled."""
        async with self._coordination.hold(f"turn:{_keys.build(key)}"):
            yield

    async def close(self) -> None:
        """Nothing is held."""


def redis_errors() -> tuple[type[Exception], ...]:
    """What a Redis that is away raises; nothing in a shop without it."""
    exceptions = sys.modules.get("redis.exceptions")
    return () if exceptions is None else (exceptions.RedisError,)
