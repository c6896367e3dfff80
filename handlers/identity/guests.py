"""Who has no account here, and comes to link their Telegram to the one that they have on the web, gets none besides."""

from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Chat, Message, TelegramObject, Update
from aiogram.types import User as TelegramUser

from handlers.identity.questions import show_question, take_answer, token_of_answer, token_of_link
from handlers.identity.screens import LOGIN
from handlers.kit.middlewares import Handler
from i18n.translator import Catalogues
from services.container import Services


class GuestMiddleware(BaseMiddleware):
    """Before the one that makes a user of whoever writes. Nor does a link or a button that means nothing any more make
    one; who wants to sign in becomes one as ever."""

    def __init__(self, services: Services, catalogues: Catalogues) -> None:
        self._login, self._users, self._catalogues = services.telegram_login, services.users, catalogues

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:  # Any: aiogram's
        assert isinstance(event, Update)
        person: TelegramUser | None = data.get("event_from_user")
        place: Chat | None = data.get("event_chat")
        token = _token_of(event)
        private = place is not None and place.type == "private"
        if token is None or person is None or not private or not await self._is_guest(person.id, token):
            return await handler(event, data)
        tr = self._catalogues[self._catalogues.best(person.language_code)]
        if isinstance(query := event.event, CallbackQuery):
            await take_answer(query, _argument(query), self._login, tr)
        elif isinstance(message := event.event, Message):
            question = await self._login.question(token, telegram_id=person.id)
            await show_question(message, question, token, tr)
        return None

    async def _is_guest(self, telegram_id: int, token: str) -> bool:
        return await self._users.find(telegram_id) is None and not await self._login.brings_in(token)


def _token_of(update: Update) -> str | None:
    """None for all that is neither such a link nor a button below its question."""
    if update.message is not None:
        return token_of_link(update.message)
    if update.callback_query is not None and (update.callback_query.data or "").startswith(f"{LOGIN}:"):
        return token_of_answer(_argument(update.callback_query))
    return None


def _argument(query: CallbackQuery) -> str:
    return (query.data or "").partition(":")[2]
