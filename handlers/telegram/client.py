"""The connection to Telegram: how requests are repeated, and what its refusals mean."""

import asyncio
import json
from functools import cache, partial
from http import HTTPStatus
from typing import Any, get_args

import structlog
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import GetUpdates, Response, SendMessageDraft, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import Message
from pydantic import ValidationError

from handlers.telegram.lenient_json import Json, read_leniently
from handlers.telegram.session import ProxySession, Redact
from services.proxies import Proxy

log = structlog.get_logger()

ATTEMPTS = 4
PAUSE = 0.3  # seconds; doubles
PATIENCE = 20.0  # seconds of `retry_after` in all that a request waits for; longer ones are for `handlers.kit.deferred`
NOT_REPEATED = {GetUpdates.__api_method__, SendMessageDraft.__api_method__}  # they have pauses of their own
PASSING = (TelegramServerError, TelegramNetworkError, ClientDecodeError)  # ClientDecodeError: a proxy's HTML page


class AnswerNotUnderstood(TelegramAPIError):
    """Telegram answered a question in a form that the types refuse: asked again it would say the same."""


class Session(ProxySession):
    """What Telegram did is done, also where the types of this version refuse its answer: sent again it would arrive
    twice. ClientDecodeError is left for what is not an answer of Telegram's at all."""

    def check_response(
        self, bot: Bot, method: TelegramMethod[TelegramType], status_code: int, content: str
    ) -> Response[TelegramType]:
        self.require_through(method, status_code)
        its_own = '"description"' in content  # else a gateway's words
        if status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and not its_own:  # it would not take it later either
            raise TelegramEntityTooLarge(method=method, message="the server before Telegram's takes less")
        if status_code >= HTTPStatus.BAD_REQUEST and not its_own:
            raise ClientDecodeError("No description", ValueError(status_code), None)
        _shape(method.__returning__)  # which aiogram asks for too
        try:
            response = super().check_response(bot, method, status_code, content)
        except ClientDecodeError as error:
            answer = error.data
            if not isinstance(error.original, ValidationError) or not _is_telegrams(answer, status_code):
                raise
            response = self._read_leniently(bot, method, status_code, answer)
        return response if response.result is not None else _done(method, response)

    def _read_leniently(
        self, bot: Bot, method: TelegramMethod[TelegramType], status_code: int, answer: Json
    ) -> Response[TelegramType]:
        shape = _shape(method.__returning__)
        if (least := _least_message(method)) is not None and isinstance(answer.get("result"), dict):
            answer = answer | {"result": answer["result"] | {"chat": least["chat"]}}
        parsed = read_leniently(answer, partial(shape.model_validate, context={"bot": bot}))
        log.warning("answer_understood_in_part", method=method.__api_method__, fields=parsed.refused)
        if parsed.value.ok:
            return parsed.value
        return super().check_response(bot, method, status_code, parsed.value.model_dump_json(exclude_none=True))


@cache
def _shape(returned: Any) -> type[Response[Any]]:  # Any: a type
    """Kept, because pydantic takes 27 ms to build one that nobody holds any longer."""
    shape: type[Response[Any]] = Response[returned]
    return shape


def _is_telegrams(answer: Any, status_code: int) -> bool:  # Any: JSON
    ok = answer.get("ok") if isinstance(answer, dict) else None
    return ok is False or (ok is True and status_code < HTTPStatus.MULTIPLE_CHOICES)


def _done(method: TelegramMethod[TelegramType], response: Response[TelegramType]) -> Response[TelegramType]:
    """The answer to a call that was done, of which nothing readable came back. Raises `AnswerNotUnderstood` where the
    call was a question."""
    if (least := _least_message(method)) is not None:
        return response.model_copy(update={"result": Message.model_validate(least)})
    if method.__returning__ is bool:
        return response.model_copy(update={"result": True})
    raise AnswerNotUnderstood(method=method, message="the answer cannot be read")


def _least_message(method: TelegramMethod[TelegramType]) -> Json | None:
    """What is known of the message that a call sent or edited. Nobody will find it by its number."""
    kinds, chat_id = get_args(method.__returning__) or (method.__returning__,), getattr(method, "chat_id", None)
    if Message not in kinds or not isinstance(chat_id, int):
        return None
    return {"message_id": 0, "date": 0, "chat": {"id": chat_id, "type": "private"}}


class Repeat(BaseRequestMiddleware):
    """Repeats what may pass: as told after a 429, with growing pauses after a 5xx, an HTML page or a cut connection.
    A repeated send may arrive twice; silence would be worse."""

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        if method.__api_method__ in NOT_REPEATED:
            return await make_request(bot, method)
        waited = 0.0
        for attempt in range(1, ATTEMPTS):
            try:
                return await make_request(bot, method)
            except TelegramRetryAfter as error:
                pause: float = error.retry_after
                waited += pause
                if waited > PATIENCE:
                    raise
            except TelegramEntityTooLarge:
                raise
            except PASSING as error:
                pause = PAUSE * 2 ** (attempt - 1)
                log.warning(
                    "telegram_repeat", method=method.__api_method__, attempt=attempt, error=type(error).__name__
                )
            await asyncio.sleep(pause)
        return await make_request(bot, method)


def make_bot(token: str, api_url: str, proxy: Proxy | None = None, *, timeout: float = 30.0) -> Bot:
    """A bot whose API lives at `api_url`, behind `proxy`; messages are HTML without link previews."""
    api = TelegramAPIServer.from_base(api_url)
    session = Session(proxy, api=api, timeout=timeout, json_dumps=_dumps, json_loads=json.loads)
    session.middleware(Repeat())
    session.middleware(Redact())
    return Bot(
        token, session=session, default=DefaultBotProperties(parse_mode=ParseMode.HTML, link_preview_is_disabled=True)
    )


def is_unchanged(error: TelegramBadRequest) -> bool:
    """The message already shows this: as good as done."""
    return "message is not modified" in error.message.lower()


def is_uneditable(error: TelegramBadRequest) -> bool:
    """The message cannot become what was asked: it is gone, too old, or of another kind."""
    text = error.message.lower()
    return any(
        part in text
        for part in (
            "message to edit not found",
            "message can't be edited",
            "no text in the message",
            "no caption in the message",
            "message_id_invalid",
            "message identifier",
        )
    )


def is_gone(error: TelegramBadRequest) -> bool:
    """There is nobody to write to."""
    text = error.message.lower()
    return "chat not found" in text or "user is deactivated" in text or "peer_id_invalid" in text


def _dumps(value: Any) -> str:  # Any: aiogram gives it what it has prepared
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
