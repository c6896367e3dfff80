"""Few and asynchronous: a synchronous filter, `F.…` included, costs a thread for each update."""

import re

from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message

_COMMAND = re.compile(r"/([A-Za-z]\w{0,63})(@\w+)?(\s|$)", re.ASCII)


class Pressed(Filter):
    """A button whose callback data is `name` or `name:argument`; gives the handler `argument` (empty without one)."""

    def __init__(self, *names: str) -> None:
        self._names = frozenset(names)

    async def __call__(self, query: CallbackQuery) -> bool | dict[str, str]:
        name, _, argument = (query.data or "").partition(":")
        return {"argument": argument} if name in self._names else False


class AnyCommand(Filter):
    """A message that is a command by its looks; gives the handler its `name`."""

    async def __call__(self, message: Message) -> bool | dict[str, str]:
        found = _COMMAND.match(message.text or message.caption or "")
        return {"name": found[1]} if found else False
