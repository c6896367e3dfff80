"""Private chats with topics: an answer goes into the topic of what it answers. Nobody passes the topic on by hand."""

from dataclasses import replace
from typing import Any

import structlog
from aiogram import BaseMiddleware, Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import CallbackQuery, Message, TelegramObject, Update

from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.middlewares import Handler
from handlers.telegram import sender
from handlers.telegram.reply_target import ReplyTarget, reply_target, replying_to
from services.notifications.kept_messages import KeptMessages

log = structlog.get_logger()

GONE = ("thread not found", "topic_deleted", "topic_closed", "topic_id_invalid", "topic not found")


class NoteReplyTarget(BaseMiddleware):
    """Notes where an update came from."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        assert isinstance(event, Update)
        message = event.event.message if isinstance(event.event, CallbackQuery) else event.event
        if not isinstance(message, Message):
            return await handler(event, data)
        with replying_to(ReplyTarget(chat_id=message.chat.id, thread_id=message.message_thread_id)):
            return await handler(event, data)


class KeepMessage(BaseMiddleware):
    """A button must not turn the news of a payment or a prediction into something else: the message under it may have
    become that since it was pressed. What tells what came of a forecast is known by its button."""

    def __init__(self, kept: KeptMessages) -> None:
        self._kept = kept

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        assert isinstance(event, Update)
        query, ctx = event.callback_query, data.get("ctx")
        message = None if query is None else query.message
        if query is None or message is None or not isinstance(ctx, Context):
            return await handler(event, data)
        if not _tells_outcome(query) and not await self._kept.has(ctx.user.id, message.message_id):
            return await handler(event, data)
        with replying_to(replace(reply_target(), keeps=message.message_id)):
            return await handler(event, data)


def _tells_outcome(query: CallbackQuery) -> bool:
    return any(action.startswith(f"{buttons.OUTCOME}:") for action in sender.actions_beside(query))


class InTopic(BaseRequestMiddleware):
    """Sends into the topic of the reply target; into the chat itself where the topic is gone."""

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        target = reply_target()
        if target.thread_id is None or not _goes_to(method, target):
            return await make_request(bot, method)
        try:
            return await make_request(bot, method.model_copy(update={"message_thread_id": target.thread_id}))
        except TelegramBadRequest as error:
            if not any(words in error.message.lower() for words in GONE):
                raise
            log.info("topic_gone", chat_id=target.chat_id, thread_id=target.thread_id)
            return await make_request(bot, method)


def _goes_to(method: TelegramMethod[Any], target: ReplyTarget) -> bool:
    takes_one = "message_thread_id" in type(method).model_fields and method.message_thread_id is None  # type: ignore[attr-defined]  # just looked
    return takes_one and getattr(method, "chat_id", None) == target.chat_id
