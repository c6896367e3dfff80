"""Few and asynchronous: a synchronous filter, `F.…` included, costs a thread for each update."""

from aiogram.filters import Filter
from aiogram.types import CallbackQuery


class Pressed(Filter):
    """A button whose callback data is `name` or `name:argument`; gives the handler `argument` (empty without one)."""

    def __init__(self, *names: str) -> None:
        self._names = frozenset(names)

    async def __call__(self, query: CallbackQuery) -> bool | dict[str, str]:
        name, _, argument = (query.data or "").partition(":")
        return {"argument": argument} if name in self._names else False
